-- migrate:up

drop function append_batch_v2;

-- migrate:down

select 1; -- it stands in the migration that made it
