-- migrate:up

-- Makes this node the writer of a stream. fenced: it may not own anything; no row: there is no such stream.
-- Waits for whoever holds the stream's row, so what is returned is what the last of them left.
create function activate_stream(
    node_id bigint, node_fence bigint, stream_key uuid, stream_kind text, may_create boolean, state_version integer
) returns table (
    fenced boolean, activation bigint, head bigint, last_at bigint, effects_seq bigint, checkpoint_seq bigint,
    state bytea
) language plpgsql as $$
declare
    -- The id's first byte; shards are numbered 0 to 255.
    own_shard smallint := get_byte(uuid_send(stream_key), 0);
begin
    perform from node n where n.id = node_id and n.fence = node_fence for key share;
    if found then
        perform from shard h where h.id = own_shard and h.owner = node_id for share;
    end if;
    if not found then
        fenced := true;
        return next;
        return;
    end if;
    if may_create then
        insert into stream (id, kind, shard) values (stream_key, stream_kind, own_shard)
        on conflict on constraint stream_pkey do nothing;
    end if;
    update stream s set activation = s.activation + 1
    where s.id = stream_key and s.kind = stream_kind and s.deleted_at is null
    returning false, s.activation, s.head, s.last_at, s.effects_seq
    into fenced, activation, head, last_at, effects_seq;
    if found then
        select c.seq, c.state from checkpoint c
        where c.stream_id = stream_key and c.version = state_version
        into checkpoint_seq, state;
        return next;
    end if;
end $$;

-- Makes this node the only one: every earlier node's writes have ended or fail from now on. The caller holds the
-- advisory lock of the node that runs.
create function claim_node(node_name text) returns table (node_id bigint, node_fence bigint)
language plpgsql as $$
begin
    -- FOR UPDATE, because changing a column outside any key would not wait for FOR KEY SHARE.
    perform from node n order by n.id for update;
    update node n set fence = n.fence + 1;
    insert into node as n (name) values (node_name)
    on conflict on constraint node_name_key do update set claimed_at = now()
    returning n.id, n.fence into node_id, node_fence;
    update shard set owner = node_id, epoch = epoch + 1;
    return next;
end $$;

-- migrate:down

drop function claim_node, activate_stream;
