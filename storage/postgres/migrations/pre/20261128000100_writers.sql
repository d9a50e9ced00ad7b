-- migrate:up

-- The tables whose rows streams may write: each has a function write_<name> and one update_<name>.
create table projected_table (
    name text primary key
);

-- Makes the writers of a projected table from the catalog. Called by the migration that creates the table, and again by
-- each one that changes its columns. The primary key is stream_id, or stream_id and the column that holds the row's key.
--
-- A row comes as JSON. Each node sends the columns that it knows: one that it doesn't know keeps its value, or gets its
-- default in a new row; an explicit null is null. So nodes of two releases can write to one table.
create function make_writer(target regclass) returns void language plpgsql as $make$
declare
    table_name text := (select c.relname from pg_class c where c.oid = target);
    keys text[];
    columns text[];
    defaults text;
    key_column text;
    key_value text;
    key_match text;
    row_value text;
    body text;
begin
    -- Beyond, PostgreSQL cuts names off, and two tables would have one writer: that of the second.
    if octet_length('update_' || table_name) > 63 then
        raise exception 'the name of % is too long for a writer: at most 56 bytes', target;
    end if;
    select array_agg(a.attname::text order by k.position) into keys
    from pg_index x
    cross join unnest(x.indkey) with ordinality k(attnum, position)
    join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
    where x.indrelid = target and x.indisprimary;
    if keys[1] is distinct from 'stream_id' or cardinality(keys) > 2 then
        raise exception 'the primary key of % must be stream_id and at most one more column', target;
    end if;
    select array_agg(a.attname::text order by a.attnum),
        string_agg(format('%L, %s', a.attname, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attnum)
            filter (where d.adbin is not null)
    into columns, defaults
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and a.attname <> all (keys);
    if columns is null then
        raise exception '% has no column beside its key', target;
    end if;
    select format(', %I', a.attname), format(', w.key::%s', format_type(a.atttypid, a.atttypmod)),
        format(' and r.%I = w.key::%s', a.attname, format_type(a.atttypid, a.atttypmod))
    into key_column, key_value, key_match
    from pg_attribute a where a.attrelid = target and a.attname = keys[2];
    row_value := case when defaults is null then 'w.value' else format(
        'case when r.stream_id is null then jsonb_build_object(%s) || w.value else w.value end', defaults
    ) end;

    -- Columns are listed one by one: n.* would fail in old sessions once the table has one more, and (f(...)).* calls
    -- the function once a column. A column may have any name: parameters have none, r.* is the row even if r is one of
    -- its columns, and PL/pgSQL's own variable FOUND gives way.
    body := format(
        $$
        #variable_conflict use_column
        begin
            insert into %1$s (stream_id%2$s, %3$s)
            select w.stream%4$s, %5$s
            from unnest($1, $2, $3, $4) w(stream, gone, key, value)
            left join %1$s r on r.stream_id = w.stream%6$s
            cross join lateral jsonb_populate_record(r.*, %7$s) n
            where not w.gone
            on conflict (stream_id%2$s) do update set %8$s;
            if true = any ($2) then
                delete from %1$s r using unnest($1, $2, $3) w(stream, gone, key)
                where w.gone and r.stream_id = w.stream%6$s;
            end if;
        end $$,
        target, coalesce(key_column, ''), listed('%I', columns), coalesce(key_value, ''),
        listed('n.%I', columns), coalesce(key_match, ''), row_value, listed('%1$I = excluded.%1$I', columns)
    );
    execute format(
        'create or replace function %I(uuid[], boolean[], text[], jsonb[]) returns void language plpgsql as %L',
        'write_' || table_name, body
    );
    body := format(
        $$
        begin
            update %1$s r set (%2$s) = (select %3$s from jsonb_populate_record(r.*, w.value) n)
            from unnest($1, $2, $3) w(stream, key, value)
            where r.stream_id = w.stream%4$s;
        end $$,
        target, listed('%I', columns), listed('n.%I', columns), coalesce(key_match, '')
    );
    execute format(
        'create or replace function %I(uuid[], text[], jsonb[]) returns void language plpgsql as %L',
        'update_' || table_name, body
    );
    insert into projected_table values (table_name) on conflict do nothing;
    if target = 'message'::regclass then
        perform make_message_writer();
    end if;
end $make$;

-- Messages are most of what is written: what each one has comes as arrays, anything else it has in ``more``, if it isn't
-- the column's default. ``known`` names the columns of ``more`` that the node knows; the others keep their values.
create function make_message_writer() returns void language plpgsql as $make$
declare
    names text[];
    fresh text;
    kept text;
    body text;
begin
    select array_agg(a.attname::text order by a.attnum),
        string_agg(
            case when d.adbin is null then format('n.%I', a.attname) else format(
                'case when w.more ? %L then n.%I else %s end', a.attname, a.attname, pg_get_expr(d.adbin, d.adrelid)
            ) end,
            ', ' order by a.attnum
        ),
        string_agg(
            format('%1$I = case when %1$L = any ($10) then excluded.%1$I else m.%1$I end', a.attname),
            ', ' order by a.attnum
        )
    into names, fresh, kept
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'message'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and a.attname not in ('stream_id', 'seq', 'number', 'author', 'body', 'at');
    body := format(
        $$
        begin
            insert into message as m (stream_id, seq, number, author, body, at, %1$s)
            select ($1)[w.i], w.seq, w.number, w.author, w.body, w.at, %2$s
            from unnest($3, $4, $5, $6, $7, $8, $9) w(i, seq, number, author, body, at, more)
            left join lateral jsonb_populate_record(null::message, w.more) n on w.more is not null
            where ($2)[w.i] = 0
            on conflict (stream_id, seq) do update set
                number = excluded.number, author = excluded.author, body = excluded.body, at = excluded.at, %3$s;
        end $$,
        listed('%I', names), fresh, kept
    );
    execute format(
        $$
        create or replace function write_messages(
            uuid[], smallint[], integer[], bigint[], bigint[], text[], text[], bigint[], jsonb[], text[]
        ) returns void language plpgsql as %L
        $$,
        body
    );
end $make$;

-- Each name in this form, with commas between them.
create function listed(form text, names text[]) returns text language sql as $$
    select string_agg(format(form, name), ', ' order by position) from unnest(names) with ordinality n(name, position)
$$;

alter table message alter column edits set default '{}';
select make_writer('listener'), make_writer('room'), make_writer('message'), make_writer('reaction'),
    make_writer('reaction_count');

-- The rows of every table that no kind declares: the value is {"name": the table, "value": the row}.
create function write_projection_row(uuid[], boolean[], text[], jsonb[]) returns void language plpgsql as $$
begin
    insert into projection_row (stream_id, name, key, value)
    select w.stream, w.value ->> 'name', w.key, w.value -> 'value'
    from unnest($1, $2, $3, $4) w(stream, gone, key, value) where not w.gone
    on conflict (stream_id, name, key) do update set value = excluded.value;
    if true = any ($2) then
        delete from projection_row p using unnest($1, $2, $3, $4) w(stream, gone, key, value)
        where w.gone and p.stream_id = w.stream and p.name = w.value ->> 'name' and p.key = w.key;
    end if;
end $$;
create function update_projection_row(uuid[], text[], jsonb[]) returns void language plpgsql as $$
begin
    update projection_row p set value = p.value || (w.value -> 'value')
    from unnest($1, $2, $3) w(stream, key, value)
    where p.stream_id = w.stream and p.name = w.value ->> 'name' and p.key = w.key;
end $$;
insert into projected_table values ('projection_row');

-- migrate:down

drop function write_projection_row, update_projection_row, write_messages, write_message, update_message, write_listener,
    update_listener, write_room, update_room, write_reaction, update_reaction, write_reaction_count,
    update_reaction_count, make_writer, make_message_writer, listed;
alter table message alter column edits drop default;
drop table projected_table;
