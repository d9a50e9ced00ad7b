-- migrate:up

-- Rows are locked in one order everywhere: nodes by id, shards by id, the cluster's row, and streams by id. Whoever
-- changes the view holds the cluster's row to its commit, so one version is one view.

-- Makes this node the writer of a stream. fenced: its run is over, or the shard isn't its own at this epoch; no row:
-- there is no such stream. Waits for whoever holds the stream's row, so what is returned is what the last of them
-- left.
create function activate_stream(
    node_id bigint, node_fence bigint, shard_epoch bigint, stream_key uuid, stream_kind text, may_create boolean,
    state_version integer
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
        -- Held to the commit: whoever moves the shard waits for this, or this sees the move.
        perform from shard h where h.id = own_shard and h.owner = node_id and h.epoch = shard_epoch for share;
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

create function member_row(n node) returns jsonb stable language sql as $$
    select jsonb_build_object(
        'id', n.id, 'name', n.name, 'fence', n.fence, 'lease', n.lease, 'lease_s', n.lease_s,
        'draining', n.draining, 'protocol', n.protocol, 'bridged', n.bridged, 'hears', n.hears, 'report', n.report
    )
$$;

-- The view, of one snapshot, and the server's time. Shards only if the version isn't the known one.
create function cluster_view(known_version bigint) returns table (
    version bigint, now_ms bigint, members jsonb, owners bigint[], epochs bigint[]
) stable language sql as $$
    select c.version,
           floor(extract(epoch from clock_timestamp()) * 1000)::bigint,
           coalesce((select jsonb_agg(member_row(n) order by n.id) from node n where n.member), '[]'),
           h.owners, h.epochs
    from cluster c
    left join lateral (
        select array_agg(owner order by id) as owners, array_agg(epoch order by id) as epochs from shard
    ) h on c.version is distinct from known_version
$$;

-- No row: the run is over.
create function renew_lease(
    node_id bigint, node_fence bigint, heard bigint[], reported text, known_version bigint
) returns table (version bigint, now_ms bigint, members jsonb, owners bigint[], epochs bigint[])
language plpgsql as $$
begin
    update node n set lease = n.lease + 1, hears = heard, report = reported
    where n.id = node_id and n.fence = node_fence and n.member;
    if found then
        return query select * from cluster_view(known_version);
    end if;
end $$;

-- Locks the caller's row and those of the other nodes concerned, so that none of these runs ends meanwhile; that of
-- the run to be ended alone, which waits for what it is writing. Whether the caller's own run isn't over.
create function lock_runs(node_id bigint, node_fence bigint, others bigint[], ending bigint) returns boolean
language plpgsql as $$
declare
    one bigint;
begin
    for one in select distinct o from unnest(others || node_id || ending) o where o is not null order by o loop
        if one = ending then
            -- FOR UPDATE, because changing a column outside any key would not wait for FOR KEY SHARE.
            perform from node n where n.id = one for update;
        else
            perform from node n where n.id = one for key share;
        end if;
    end loop;
    return exists (select from node n where n.id = node_id and n.fence = node_fence and n.member);
end $$;

-- The member that has this name, unless it is the run to be replaced, its lease unmoved.
create function name_holder(node_name text, over_id bigint, over_fence bigint, over_lease bigint) returns jsonb
stable language sql as $$
    select member_row(n) from node n
    where n.name = node_name and n.member and (n.id, n.fence, n.lease) is distinct from (over_id, over_fence, over_lease)
$$;

-- refused: a code; holder: the member that has the name; otherwise the new run.
create function join_cluster(
    node_name text, cluster_name text, secret bytea, lease_seconds double precision, protocol_version integer,
    has_bus boolean, over_id bigint, over_fence bigint, over_lease bigint
) returns table (refused text, holder jsonb, node_id bigint, node_fence bigint) language plpgsql as $$
declare
    alone boolean;
begin
    -- Once without a lock, so that a second node of one name doesn't hold up the first.
    holder := name_holder(node_name, over_id, over_fence, over_lease);
    if holder is null then
        select n.id from node n where n.name = node_name for update into node_id;
        perform from shard h where h.owner = node_id order by h.id for no key update;
        perform from cluster for no key update;
        holder := name_holder(node_name, over_id, over_fence, over_lease);
        if holder is null and node_id is null and exists (select from node n where n.name = node_name) then
            -- The row isn't locked, and may not be any more.
            raise 'another node of this name came and went' using errcode = 'serialization_failure';
        end if;
    end if;
    if holder is not null then
        return next;
        return;
    end if;

    alone := not exists (select from node n where n.member and n.id is distinct from node_id);
    if not alone then
        select case
            when c.name <> cluster_name then 'wrong_cluster'
            when not has_bus or not o.bridged then 'bus_needed'
            when c.secret_digest <> secret then 'wrong_secret'
            when o.oldest < protocol_version - 1 or o.newest > protocol_version + 1 then 'unsupported_protocol'
        end
        from cluster c
        cross join (
            select min(n.protocol) as oldest, max(n.protocol) as newest, bool_and(n.bridged) as bridged
            from node n where n.member and n.id is distinct from node_id
        ) o
        into refused;
        if refused is not null then
            return next;
            return;
        end if;
    end if;

    insert into node as n (name, lease_s, protocol, bridged)
    values (node_name, lease_seconds, protocol_version, has_bus)
    on conflict on constraint node_name_key do update set
        fence = n.fence + 1, lease = n.lease + 1, lease_s = excluded.lease_s, member = true, draining = false,
        protocol = excluded.protocol, bridged = excluded.bridged, hears = '{}', report = '{}'
    returning n.id, n.fence into node_id, node_fence;
    update shard h set epoch = h.epoch + 1 where h.owner = node_id;
    update cluster c set
        version = c.version + 1,
        name = case when alone then cluster_name else c.name end,
        secret_digest = case when alone then secret else c.secret_digest end;
    return next;
end $$;

-- How many shards moved; null: the caller's run is over.
create function move_shards(
    node_id bigint, node_fence bigint, shards smallint[], known_epochs bigint[], new_owners bigint[]
) returns integer language plpgsql as $$
declare
    moved integer;
begin
    if not lock_runs(node_id, node_fence, new_owners, null) then
        return null;
    end if;
    perform from shard h where h.id = any (shards) order by h.id for no key update;
    -- Before the new owners are judged: a drain that is in the view already is seen.
    perform from cluster for no key update;
    update shard h set owner = m.owner, epoch = h.epoch + 1
    from unnest(shards, known_epochs, new_owners) m(id, epoch, owner)
    where h.id = m.id and h.epoch = m.epoch and (h.owner is null or h.owner = node_id)
        and (m.owner is null or exists (select from node n where n.id = m.owner and n.member and not n.draining));
    get diagnostics moved = row_count;
    if moved > 0 then
        update cluster c set version = c.version + 1;
    end if;
    return moved;
end $$;

-- Ends a run, whose row the caller holds FOR UPDATE, and gives its shards to their heirs that are fit to have them.
create function end_run(ended bigint, shards smallint[], heirs bigint[]) returns void language plpgsql as $$
begin
    perform from shard h where h.owner = ended order by h.id for no key update;
    perform from cluster for no key update;
    update node n set fence = n.fence + 1, member = false where n.id = ended;
    update shard h set epoch = h.epoch + 1, owner = (
        select n.id from unnest(shards, heirs) m(id, owner) join node n on n.id = m.owner
        where m.id = h.id and n.member and not n.draining
        limit 1
    ) where h.owner = ended;
    update cluster c set version = c.version + 1;
end $$;

-- Whether the run was as it was seen, and ended; null: the caller's own run is over.
create function declare_dead(
    node_id bigint, node_fence bigint, dead bigint, dead_fence bigint, dead_lease bigint, shards smallint[],
    heirs bigint[]
) returns boolean language plpgsql as $$
begin
    if not lock_runs(node_id, node_fence, heirs, dead) then
        return null;
    end if;
    if not exists (
        select from node n where n.id = dead and n.fence = dead_fence and n.lease = dead_lease and n.member
    ) then
        return false;
    end if;
    perform end_run(dead, shards, heirs);
    return true;
end $$;

create function drain_node(node_name text) returns boolean language plpgsql as $$
begin
    update node n set draining = true where n.name = node_name and n.member and not n.draining;
    if found then
        update cluster c set version = c.version + 1;
    end if;
    return exists (select from node n where n.name = node_name and n.member);
end $$;

create function leave_cluster(node_id bigint, node_fence bigint) returns void language plpgsql as $$
begin
    if lock_runs(node_id, node_fence, '{}', node_id) then
        perform end_run(node_id, '{}', '{}');
    end if;
end $$;

-- migrate:down

drop function leave_cluster, drain_node, declare_dead, end_run, move_shards, join_cluster, name_holder, lock_runs,
    renew_lease, cluster_view, member_row, activate_stream;
