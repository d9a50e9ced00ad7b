-- migrate:up

alter table tournament
    -- Who created it; null in one of an earlier version.
    add column created_by text,
    -- When it was removed: hidden from then on, and erased some days later.
    add column deleted_at bigint;

select make_writer('tournament');

-- migrate:down

alter table tournament drop column created_by, drop column deleted_at;
select make_writer('tournament');
