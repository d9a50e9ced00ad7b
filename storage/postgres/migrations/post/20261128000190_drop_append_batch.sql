-- migrate:up

-- append_batch_v2 took its place; no node that calls this one is left.
drop function append_batch, write_projections, update_projections;
drop type event_write, receipt_write, erase_write, job_write, listener_write, room_write, message_write,
    reaction_write, reaction_count_write, projection_write, update_write;

-- migrate:down

-- Nothing: no node of the release that called it may write to this database any more.
