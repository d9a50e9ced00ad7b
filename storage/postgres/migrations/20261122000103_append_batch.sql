-- migrate:up

-- The rows of one call, as the actors encode them. i: which of the call's streams, from 1.
create type event_write as (i integer, seq bigint, header bytea, payload bytea);
create type receipt_write as (
    i integer, author text, client_id uuid, first_seq bigint, last_seq bigint, digest bytea, answer bytea
);
create type erase_write as (i integer, seq bigint);
create type job_write as (i integer, seq bigint, index integer, queue text, arguments jsonb);
-- gone: the row is deleted, the other columns mean nothing.
create type listener_write as (i integer, gone boolean, user_id text);
create type room_write as (
    i integer, gone boolean, name text, public boolean, creator text, created_at bigint, deleted_at bigint
);
create type message_write as (
    i integer, gone boolean, seq bigint, number bigint, author text, body text, at bigint, edited_at bigint,
    deleted_at bigint, edits bigint[]
);
create type projection_write as (i integer, gone boolean, name text, key text, value jsonb);

-- Projections of the streams that were accepted (verdicts[i] = 0), whose rows the caller has locked.
create function write_projections(
    ids uuid[],
    verdicts smallint[],
    listeners listener_write[],
    rooms room_write[],
    messages message_write[],
    others projection_write[]
) returns void language plpgsql as $$
begin
    if cardinality(messages) > 0 then
        insert into message as m (stream_id, seq, number, author, body, at, edited_at, deleted_at, edits)
        select ids[w.i], w.seq, w.number, w.author, w.body, w.at, w.edited_at, w.deleted_at, w.edits
        from unnest(messages) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint message_pkey do update set
            number = excluded.number, author = excluded.author, body = excluded.body, at = excluded.at,
            edited_at = excluded.edited_at, deleted_at = excluded.deleted_at, edits = excluded.edits;
        delete from message m using unnest(messages) w
        where w.gone and verdicts[w.i] = 0 and m.stream_id = ids[w.i] and m.seq = w.seq;
    end if;
    if cardinality(listeners) > 0 then
        insert into listener (stream_id, user_id)
        select ids[w.i], w.user_id from unnest(listeners) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint listener_pkey do nothing;
        delete from listener l using unnest(listeners) w
        where w.gone and verdicts[w.i] = 0 and l.stream_id = ids[w.i] and l.user_id = w.user_id;
    end if;
    if cardinality(rooms) > 0 then
        insert into room as r (stream_id, name, public, creator, created_at, deleted_at)
        select ids[w.i], w.name, w.public, w.creator, w.created_at, w.deleted_at
        from unnest(rooms) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint room_pkey do update set
            name = excluded.name, public = excluded.public, creator = excluded.creator,
            created_at = excluded.created_at, deleted_at = excluded.deleted_at;
        delete from room r using unnest(rooms) w
        where w.gone and verdicts[w.i] = 0 and r.stream_id = ids[w.i];
    end if;
    if cardinality(others) > 0 then
        insert into projection_row as p (stream_id, name, key, value)
        select ids[w.i], w.name, w.key, w.value from unnest(others) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint projection_row_pkey do update set value = excluded.value;
        delete from projection_row p using unnest(others) w
        where w.gone and verdicts[w.i] = 0 and p.stream_id = ids[w.i] and p.name = w.name and p.key = w.key;
    end if;
end $$;

-- Writes many streams, each judged by itself. Returns the refused ones alone:
-- 1 fenced (or absent), 2 behind, 3 duplicate, 4 busy.
--
-- READ COMMITTED is part of the design: each statement here has its own snapshot, later than the one before it,
-- and a row that had to be waited for is judged as its last writer left it.
create function append_batch(
    node_id bigint,
    node_fence bigint,
    wait_for_locks boolean,
    ids uuid[],
    activations bigint[],
    heads bigint[],
    counts bigint[],
    ats bigint[],
    wake_ats bigint[],
    effects_seqs bigint[],
    events event_write[],
    receipts receipt_write[],
    erases erase_write[],
    jobs job_write[],
    listeners listener_write[],
    rooms room_write[],
    messages message_write[],
    others projection_write[]
) returns table (refused integer, verdict smallint) language plpgsql as $$
declare
    verdicts smallint[];
    duplicate integer;
begin
    -- Held to the commit: whoever raises the fence waits for this transaction, or this one sees the new fence.
    perform from node n where n.id = node_id and n.fence = node_fence for key share;
    if not found then
        return query select s, 1::smallint from generate_subscripts(ids, 1) s;
        return;
    end if;

    -- In id order, or two batches deadlock. The rows come back as they stand once locked; null for those that
    -- don't exist or, skipping, are held by somebody else.
    if wait_for_locks then
        with asked as materialized (
            select * from unnest(ids, activations, heads) with ordinality a(id, activation, head, i)
        ), locked as materialized (
            select a.i, case when s.deleted_at is not null or s.activation <> a.activation then 1
                             when s.head <> a.head then 2 else 0 end::smallint as found
            from asked a join stream s on s.id = a.id order by s.id for no key update of s
        )
        select array_agg(coalesce(l.found, 1::smallint) order by a.i) into verdicts
        from asked a left join locked l on l.i = a.i;
    else
        with asked as materialized (
            select * from unnest(ids, activations, heads) with ordinality a(id, activation, head, i)
        ), locked as materialized (
            select a.i, case when s.deleted_at is not null or s.activation <> a.activation then 1
                             when s.head <> a.head then 2 else 0 end::smallint as found
            from asked a join stream s on s.id = a.id order by s.id for no key update of s skip locked
        )
        select array_agg(l.found order by a.i) into verdicts
        from asked a left join locked l on l.i = a.i;
        if array_position(verdicts, null) is not null then
            select array_agg(
                coalesce(v.found, case when s.id is null then 1 else 4 end::smallint) order by v.i
            ) into verdicts
            from unnest(verdicts, ids) with ordinality v(found, id, i)
            left join stream s on s.id = v.id and s.deleted_at is null;
        end if;
    end if;

    -- After the lock: every receipt of these streams was written by a transaction that held it before us.
    if cardinality(receipts) > 0 then
        for duplicate in
            select distinct w.i from unnest(receipts) w
            join receipt r on r.stream_id = ids[w.i] and r.author = w.author and r.client_id = w.client_id
        loop
            if verdicts[duplicate] in (0, 2) then
                verdicts[duplicate] := 3;
            end if;
        end loop;
    end if;

    update stream s
    set head = s.head + a.added, last_at = greatest(s.last_at, a.at), wake_at = a.wake_at,
        effects_seq = a.effects_seq
    from unnest(ids, counts, ats, wake_ats, effects_seqs, verdicts)
        a(id, added, at, wake_at, effects_seq, found)
    where a.found = 0 and s.id = a.id;

    -- Plain inserts: an ON CONFLICT here would leave a silent hole in seq.
    if cardinality(events) > 0 then
        insert into event (stream_id, seq, header, payload)
        select ids[w.i], w.seq, w.header, w.payload from unnest(events) w where verdicts[w.i] = 0;
    end if;
    if cardinality(receipts) > 0 then
        insert into receipt (stream_id, author, client_id, first_seq, last_seq, digest, answer)
        select ids[w.i], w.author, w.client_id, w.first_seq, w.last_seq, w.digest, w.answer
        from unnest(receipts) w where verdicts[w.i] = 0;
    end if;
    if cardinality(erases) > 0 then
        update event e set payload = null from unnest(erases) w
        where verdicts[w.i] = 0 and e.stream_id = ids[w.i] and e.seq = w.seq and e.payload is not null;
    end if;
    -- A job's cause writes it once, however often its effects are derived again.
    if cardinality(jobs) > 0 then
        insert into job (stream_id, seq, index, queue, arguments)
        select ids[w.i], w.seq, w.index, w.queue, w.arguments from unnest(jobs) w where verdicts[w.i] = 0
        on conflict on constraint job_stream_id_seq_index_key do nothing;
    end if;
    if cardinality(listeners) + cardinality(rooms) + cardinality(messages) + cardinality(others) > 0 then
        perform write_projections(ids, verdicts, listeners, rooms, messages, others);
    end if;

    if 0 <> any (verdicts) then
        return query select v.i::integer, v.found
        from unnest(verdicts) with ordinality v(found, i) where v.found <> 0;
    end if;
end $$;

-- migrate:down

drop function append_batch, write_projections;
drop type event_write, receipt_write, erase_write, job_write, listener_write, room_write, message_write,
    projection_write;
