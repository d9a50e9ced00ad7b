-- migrate:up

-- An address in the audit log ends with the account whose it is: it may be emptied. All else stays as it was written.
create function keep_audit_but_addresses() returns trigger language plpgsql as $$
begin
    if new.address is not null or to_jsonb(new) - 'address' is distinct from to_jsonb(old) - 'address' then
        raise exception 'the audit log is only ever added to';
    end if;
    return new;
end $$;
create trigger audit_log_keeps_all_but_addresses before update on audit_log
    for each row execute function keep_audit_but_addresses();

create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        return null; -- judged row by row
    end if;
    raise exception 'the audit log is only ever added to';
end $$;

-- migrate:down

create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever added to';
end $$;
drop trigger audit_log_keeps_all_but_addresses on audit_log;
drop function keep_audit_but_addresses;
