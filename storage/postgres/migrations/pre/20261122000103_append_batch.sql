-- migrate:up

-- The rows of one call, as the actors encode them. i: which of the call's streams, from 1.
create type event_write as (i integer, seq bigint, header bytea, payload bytea);
create type receipt_write as (
    i integer, author text, client_id uuid, first_seq bigint, last_seq bigint, digest bytea, answer bytea
);
create type erase_write as (i integer, seq bigint);
create type job_write as (i integer, seq bigint, index integer, queue text, arguments jsonb);
-- gone: the row is deleted, the other columns mean nothing.
create type listener_write as (i integer, gone boolean, user_id text, after bigint);
create type room_write as (
    i integer, gone boolean, name text, topic text, access text, history boolean, slow_mode_s bigint, creator text,
    peer text, created_at bigint, archived_at bigint, deleted_at bigint
);
create type message_write as (
    i integer, gone boolean, seq bigint, number bigint, author text, body text, at bigint, edited_at bigint,
    deleted_at bigint, edits bigint[], reply_to bigint, thread bigint, mentions text[], everyone boolean,
    reactions bigint
);
create type reaction_write as (
    i integer, gone boolean, key text, message bigint, author text, reaction text, at bigint
);
create type reaction_count_write as (
    i integer, gone boolean, key text, message bigint, reaction text, count bigint
);
create type projection_write as (i integer, gone boolean, name text, key text, value jsonb);
-- Some columns of a row of any of these tables.
create type update_write as (i integer, name text, key text, value jsonb);

-- The columns named in an update get its values, the others keep theirs.
create function update_projections(ids uuid[], verdicts smallint[], updates update_write[])
returns void language plpgsql as $$
begin
    update message m set
        (number, author, body, at, edited_at, deleted_at, edits, reply_to, thread, mentions, everyone, reactions) = (
            select n.number, n.author, n.body, n.at, n.edited_at, n.deleted_at, n.edits, n.reply_to, n.thread,
                n.mentions, n.everyone, n.reactions
            from jsonb_populate_record(m, w.value) n
        )
    from unnest(updates) w
    where w.name = 'message' and verdicts[w.i] = 0 and m.stream_id = ids[w.i] and m.seq = w.key::bigint;
    update room r set
        (name, topic, access, history, slow_mode_s, creator, peer, created_at, archived_at, deleted_at) = (
            select n.name, n.topic, n.access, n.history, n.slow_mode_s, n.creator, n.peer, n.created_at,
                n.archived_at, n.deleted_at
            from jsonb_populate_record(r, w.value) n
        )
    from unnest(updates) w where w.name = 'room' and verdicts[w.i] = 0 and r.stream_id = ids[w.i];
    update listener l set after = (select n.after from jsonb_populate_record(l, w.value) n)
    from unnest(updates) w
    where w.name = 'listener' and verdicts[w.i] = 0 and l.stream_id = ids[w.i] and l.user_id = w.key;
    update reaction r set (message, author, reaction, at) = (
        select n.message, n.author, n.reaction, n.at from jsonb_populate_record(r, w.value) n
    )
    from unnest(updates) w
    where w.name = 'reaction' and verdicts[w.i] = 0 and r.stream_id = ids[w.i] and r.key = w.key;
    update reaction_count r set (message, reaction, count) = (
        select n.message, n.reaction, n.count from jsonb_populate_record(r, w.value) n
    )
    from unnest(updates) w
    where w.name = 'reaction_count' and verdicts[w.i] = 0 and r.stream_id = ids[w.i] and r.key = w.key;
    -- The tables above have no rows here, so their updates find none.
    update projection_row p set value = p.value || w.value from unnest(updates) w
    where verdicts[w.i] = 0 and p.stream_id = ids[w.i] and p.name = w.name and p.key = w.key;
end $$;

-- Projections of the streams that were accepted (verdicts[i] = 0), whose rows the caller has locked.
create function write_projections(
    ids uuid[],
    verdicts smallint[],
    listeners listener_write[],
    rooms room_write[],
    messages message_write[],
    reactions reaction_write[],
    reaction_counts reaction_count_write[],
    others projection_write[],
    updates update_write[]
) returns void language plpgsql as $$
begin
    if cardinality(messages) > 0 then
        insert into message as m (
            stream_id, seq, number, author, body, at, edited_at, deleted_at, edits, reply_to, thread, mentions,
            everyone, reactions
        )
        select ids[w.i], w.seq, w.number, w.author, w.body, w.at, w.edited_at, w.deleted_at, w.edits, w.reply_to,
            w.thread, w.mentions, w.everyone, w.reactions
        from unnest(messages) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint message_pkey do update set
            number = excluded.number, author = excluded.author, body = excluded.body, at = excluded.at,
            edited_at = excluded.edited_at, deleted_at = excluded.deleted_at, edits = excluded.edits,
            reply_to = excluded.reply_to, thread = excluded.thread, mentions = excluded.mentions,
            everyone = excluded.everyone, reactions = excluded.reactions;
        delete from message m using unnest(messages) w
        where w.gone and verdicts[w.i] = 0 and m.stream_id = ids[w.i] and m.seq = w.seq;
    end if;
    if cardinality(listeners) > 0 then
        insert into listener (stream_id, user_id, after)
        select ids[w.i], w.user_id, w.after from unnest(listeners) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint listener_pkey do update set after = excluded.after;
        delete from listener l using unnest(listeners) w
        where w.gone and verdicts[w.i] = 0 and l.stream_id = ids[w.i] and l.user_id = w.user_id;
    end if;
    if cardinality(rooms) > 0 then
        insert into room as r (
            stream_id, name, topic, access, history, slow_mode_s, creator, peer, created_at, archived_at, deleted_at
        )
        select ids[w.i], w.name, w.topic, w.access, w.history, w.slow_mode_s, w.creator, w.peer, w.created_at,
            w.archived_at, w.deleted_at
        from unnest(rooms) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint room_pkey do update set
            name = excluded.name, topic = excluded.topic, access = excluded.access, history = excluded.history,
            slow_mode_s = excluded.slow_mode_s, creator = excluded.creator, peer = excluded.peer,
            created_at = excluded.created_at, archived_at = excluded.archived_at, deleted_at = excluded.deleted_at;
        delete from room r using unnest(rooms) w
        where w.gone and verdicts[w.i] = 0 and r.stream_id = ids[w.i];
    end if;
    if cardinality(reactions) > 0 then
        insert into reaction as r (stream_id, key, message, author, reaction, at)
        select ids[w.i], w.key, w.message, w.author, w.reaction, w.at
        from unnest(reactions) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint reaction_pkey do update set
            message = excluded.message, author = excluded.author, reaction = excluded.reaction, at = excluded.at;
        delete from reaction r using unnest(reactions) w
        where w.gone and verdicts[w.i] = 0 and r.stream_id = ids[w.i] and r.key = w.key;
    end if;
    if cardinality(reaction_counts) > 0 then
        insert into reaction_count as r (stream_id, key, message, reaction, count)
        select ids[w.i], w.key, w.message, w.reaction, w.count
        from unnest(reaction_counts) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint reaction_count_pkey do update set
            message = excluded.message, reaction = excluded.reaction, count = excluded.count;
        delete from reaction_count r using unnest(reaction_counts) w
        where w.gone and verdicts[w.i] = 0 and r.stream_id = ids[w.i] and r.key = w.key;
    end if;
    if cardinality(others) > 0 then
        insert into projection_row as p (stream_id, name, key, value)
        select ids[w.i], w.name, w.key, w.value from unnest(others) w where verdicts[w.i] = 0 and not w.gone
        on conflict on constraint projection_row_pkey do update set value = excluded.value;
        delete from projection_row p using unnest(others) w
        where w.gone and verdicts[w.i] = 0 and p.stream_id = ids[w.i] and p.name = w.name and p.key = w.key;
    end if;
    if cardinality(updates) > 0 then
        perform update_projections(ids, verdicts, updates);
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
    reactions reaction_write[],
    reaction_counts reaction_count_write[],
    others projection_write[],
    updates update_write[]
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
    -- In the transaction of the event, so that no crash loses one. The worker decodes the header: a pattern that is
    -- found by accident costs a job and nothing else.
    if cardinality(events) > 0 and exists (select from webhook where active) then
        insert into job (queue, arguments)
        select 'webhook', jsonb_build_object('webhook', h.id, 'stream', ids[w.i], 'seq', w.seq)
        from unnest(events) w
        join webhook h on h.active and exists (
            select from unnest(h.patterns) p where position(p in w.header) > 0
        )
        where verdicts[w.i] = 0;
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
    if cardinality(listeners) + cardinality(rooms) + cardinality(messages) + cardinality(reactions)
            + cardinality(reaction_counts) + cardinality(others) + cardinality(updates) > 0 then
        perform write_projections(
            ids, verdicts, listeners, rooms, messages, reactions, reaction_counts, others, updates
        );
    end if;

    if 0 <> any (verdicts) then
        return query select v.i::integer, v.found
        from unnest(verdicts) with ordinality v(found, i) where v.found <> 0;
    end if;
end $$;

-- migrate:down

drop function append_batch, write_projections, update_projections;
drop type event_write, receipt_write, erase_write, job_write, listener_write, room_write, message_write,
    reaction_write, reaction_count_write, projection_write, update_write;
