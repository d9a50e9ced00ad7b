-- migrate:up

-- Where the activations of a stream begin: so far apart that a stream that was forgotten and is made again gets numbers
-- that none of its earlier owners had.
create sequence stream_birth increment by 1000000 start with 1000000;

-- Becomes the writer of many streams, each judged by itself: 0 activated, 1 fenced, 2 absent, 3 busy. No two may be the
-- same.
--
-- READ COMMITTED is part of the design: each statement here has its own snapshot, later than the one before it.
create function activate_streams(
    node_id bigint, node_fence bigint, wait_for_locks boolean,
    ids uuid[], kinds text[], epochs bigint[], creates boolean[], versions integer[]
) returns table (
    place integer, verdict smallint, activation bigint, head bigint, last_at bigint, effects_seq bigint,
    checkpoint_seq bigint, state bytea
) language plpgsql
-- By key, whatever is known of the table's size: a crowd is joined to one that has just grown by scanning it for each.
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off
as $$
declare
    -- The id's first byte; shards are numbered 0 to 255.
    shards smallint[] := array(select get_byte(uuid_send(w.id), 0)::smallint from unnest(ids) w(id));
    owned bigint[] := array_fill(null::bigint, array[256]);
    verdicts smallint[];
    held uuid[] := '{}';
    one record;
begin
    perform from node n where n.id = node_id and n.fence = node_fence for key share;
    if not found then
        return query select w.i, 1::smallint, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint,
            null::bytea from generate_subscripts(ids, 1) w(i);
        return;
    end if;
    -- Held to the commit: whoever moves a shard waits for this, or this sees the move. In their order, as movers do.
    for one in
        select h.id, h.epoch from shard h where h.id = any (shards) and h.owner = node_id order by h.id for share
    loop
        owned[one.id + 1] := one.epoch;
    end loop;
    select array_agg(case when owned[w.shard + 1] is not distinct from w.epoch then 0 else 1 end::smallint order by w.i)
    from unnest(shards, epochs) with ordinality w(shard, epoch, i) into verdicts;

    if true = any (creates) then
        insert into stream (id, kind, shard, activation)
        select w.id, w.kind, w.shard, nextval('stream_birth')
        from unnest(ids, kinds, shards, creates, verdicts) w(id, kind, shard, may_create, found)
        where w.may_create and w.found = 0 and not exists (select from stream s where s.id = w.id)
        order by w.id
        on conflict on constraint stream_pkey do nothing;
    end if;

    -- In id order, or two calls deadlock.
    if wait_for_locks then
        for one in
            select s.id from unnest(ids, kinds, verdicts) w(id, kind, found)
            join stream s on s.id = w.id and s.kind = w.kind and s.deleted_at is null
            where w.found = 0 order by s.id for no key update of s
        loop
            held := held || one.id;
        end loop;
    else
        for one in
            select s.id from unnest(ids, kinds, verdicts) w(id, kind, found)
            join stream s on s.id = w.id and s.kind = w.kind and s.deleted_at is null
            where w.found = 0 order by s.id for no key update of s skip locked
        loop
            held := held || one.id;
        end loop;
    end if;

    return query
    with activated as (
        update stream s set activation = s.activation + 1 where s.id = any (held)
        returning s.id, s.activation, s.head, s.last_at, s.effects_seq
    )
    select w.i::integer,
        case
            when w.found = 1 or a.id is not null then w.found
            -- Not held: by somebody else, or, where it was to be made, gone again. Else there is none of this kind.
            when s.id is null and w.may_create or s.kind = w.kind and s.deleted_at is null and not wait_for_locks then 3
            else 2
        end::smallint,
        a.activation, a.head, a.last_at, a.effects_seq, c.seq, c.state
    from unnest(ids, kinds, creates, versions, verdicts) with ordinality w(id, kind, may_create, version, found, i)
    left join activated a on a.id = w.id
    left join stream s on s.id = w.id
    left join checkpoint c on c.stream_id = a.id and c.version = w.version;
end $$;

-- migrate:down

drop function activate_streams;
drop sequence stream_birth;
