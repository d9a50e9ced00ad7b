-- migrate:up

-- How far a sweep came that leaves the rows where they are, by what it sweeps.
create table swept_until (
    what text primary key,
    until bigint not null
);

-- An entry of the audit log may go when it is old enough. How long it is kept is a setting; no statement of a node deletes
-- a younger one than this.
create function keep_young_audit() returns trigger language plpgsql as $$
begin
    if old.at > now() - interval '90 days' then
        raise exception 'the audit log keeps what is younger than 90 days';
    end if;
    return old;
end $$;
create trigger audit_log_keeps_young before delete on audit_log for each row execute function keep_young_audit();

create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        return null; -- judged row by row
    end if;
    raise exception 'the audit log is only ever added to';
end $$;

-- migrate:down

create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        return null; -- judged row by row
    end if;
    raise exception 'the audit log is only ever added to';
end $$;
drop trigger audit_log_keeps_young on audit_log;
drop function keep_young_audit;
drop table swept_until;
