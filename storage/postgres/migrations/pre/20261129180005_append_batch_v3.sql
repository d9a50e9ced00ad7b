-- migrate:up

-- Writes many streams, each judged by itself. Returns the refused ones alone:
-- 1 fenced (or absent), 2 behind, 3 duplicate, 4 busy. A row (0, 0) beside them says that jobs were written.
--
-- Rows come as one array a column; the column i says of which of the call's streams a row is, from 1. A new table or a
-- new column changes nothing here: they come by name.
--
-- READ COMMITTED is part of the design: each statement here has its own snapshot, later than the one before it,
-- and a row that had to be waited for is judged as its last writer left it.
create function append_batch_v3(
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
    -- events
    e_i integer[], e_seq bigint[], e_header bytea[], e_payload bytea[],
    -- receipts
    r_i integer[], r_author text[], r_client_id uuid[], r_first_seq bigint[], r_last_seq bigint[], r_digest bytea[],
    r_answer bytea[],
    -- seqs of events whose payloads are emptied
    x_i integer[], x_seq bigint[],
    -- jobs
    j_i integer[], j_seq bigint[], j_index integer[], j_queue text[], j_arguments jsonb[],
    -- messages: write_messages says what m_more and m_known are
    m_i integer[], m_seq bigint[], m_number bigint[], m_author text[], m_body text[], m_at bigint[], m_more jsonb[],
    m_known text[],
    -- whole rows of projected tables, and deleted ones
    w_i integer[], w_gone boolean[], w_name text[], w_key text[], w_value jsonb[],
    -- some columns of rows of these tables
    u_i integer[], u_name text[], u_key text[], u_value jsonb[]
) returns table (refused integer, verdict smallint) language plpgsql as $$
declare
    verdicts smallint[];
    place integer;
    judged smallint;
    duplicate integer;
    jobs integer;
    more_jobs integer;
begin
    -- Held to the commit: whoever raises the fence waits for this transaction, or this one sees the new fence.
    perform from node n where n.id = node_id and n.fence = node_fence for key share;
    if not found then
        return query select s, 1::smallint from generate_subscripts(ids, 1) s;
        return;
    end if;

    -- In id order, or two batches deadlock. The rows come back as they stand once locked; those that don't exist or,
    -- skipping, are held by somebody else don't. A loop, since joining what came back to what was asked would take a
    -- hash join, which is off here.
    verdicts := array_fill(null::smallint, array[cardinality(ids)]);
    if wait_for_locks then
        for place, judged in
            select a.i, case when s.deleted_at is not null or s.activation <> a.activation then 1
                             when s.head <> a.head then 2 else 0 end
            from unnest(ids, activations, heads) with ordinality a(id, activation, head, i)
            join stream s on s.id = a.id order by s.id for no key update of s
        loop
            verdicts[place] := judged;
        end loop;
    else
        for place, judged in
            select a.i, case when s.deleted_at is not null or s.activation <> a.activation then 1
                             when s.head <> a.head then 2 else 0 end
            from unnest(ids, activations, heads) with ordinality a(id, activation, head, i)
            join stream s on s.id = a.id order by s.id for no key update of s skip locked
        loop
            verdicts[place] := judged;
        end loop;
    end if;
    if array_position(verdicts, null) is not null then
        select array_agg(
            coalesce(v.found, case when wait_for_locks or s.id is null then 1 else 4 end::smallint) order by v.i
        ) into verdicts
        from unnest(verdicts, ids) with ordinality v(found, id, i)
        left join stream s on s.id = v.id and s.deleted_at is null;
    end if;

    -- After the lock: every receipt of these streams was written by a transaction that held it before us.
    if cardinality(r_i) > 0 then
        for duplicate in
            select distinct w.i from unnest(r_i, r_author, r_client_id) w(i, author, client_id)
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
    if cardinality(e_i) > 0 then
        insert into event (stream_id, seq, header, payload)
        select ids[w.i], w.seq, w.header, w.payload
        from unnest(e_i, e_seq, e_header, e_payload) w(i, seq, header, payload) where verdicts[w.i] = 0;
        -- In the transaction of the event, so that no crash loses one. The worker decodes the header: a pattern that is
        -- found by accident costs a job and nothing else.
        if exists (select from webhook where active) then
            insert into job (queue, arguments)
            select 'webhook', jsonb_build_object('webhook', h.id, 'stream', ids[w.i], 'seq', w.seq)
            from unnest(e_i, e_seq, e_header) w(i, seq, header)
            join webhook h on h.active and exists (
                select from unnest(h.patterns) p where position(p in w.header) > 0
            )
            where verdicts[w.i] = 0;
            get diagnostics jobs = row_count;
        end if;
    end if;
    if cardinality(r_i) > 0 then
        insert into receipt (stream_id, author, client_id, first_seq, last_seq, digest, answer)
        select ids[w.i], w.author, w.client_id, w.first_seq, w.last_seq, w.digest, w.answer
        from unnest(r_i, r_author, r_client_id, r_first_seq, r_last_seq, r_digest, r_answer)
            w(i, author, client_id, first_seq, last_seq, digest, answer)
        where verdicts[w.i] = 0;
    end if;
    if cardinality(x_i) > 0 then
        update event e set payload = null from unnest(x_i, x_seq) w(i, seq)
        where verdicts[w.i] = 0 and e.stream_id = ids[w.i] and e.seq = w.seq and e.payload is not null;
    end if;
    -- A job's cause writes it once, however often its effects are derived again.
    if cardinality(j_i) > 0 then
        insert into job (stream_id, seq, index, queue, arguments)
        select ids[w.i], w.seq, w.index, w.queue, w.arguments
        from unnest(j_i, j_seq, j_index, j_queue, j_arguments) w(i, seq, index, queue, arguments)
        where verdicts[w.i] = 0
        on conflict on constraint job_stream_id_seq_index_key do nothing;
        get diagnostics more_jobs = row_count;
    end if;
    if cardinality(m_i) > 0 then
        perform write_messages(ids, verdicts, m_i, m_seq, m_number, m_author, m_body, m_at, m_more, m_known);
    end if;
    if cardinality(w_i) > 0 then
        perform write_rows(ids, verdicts, w_i, w_gone, w_name, w_key, w_value);
    end if;
    if cardinality(u_i) > 0 then
        perform update_rows(ids, verdicts, u_i, u_name, u_key, u_value);
    end if;

    if jobs > 0 or more_jobs > 0 then
        return query select 0, 0::smallint;
    end if;
    if 0 <> any (verdicts) then
        return query select v.i::integer, v.found
        from unnest(verdicts) with ordinality v(found, i) where v.found <> 0;
    end if;
end $$;

-- migrate:down

drop function append_batch_v3;
