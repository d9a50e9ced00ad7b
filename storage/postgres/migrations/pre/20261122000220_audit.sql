-- migrate:up

-- Privileged and security acts. Ids and settings only: nothing a person wrote, no secrets.
create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    act text not null,
    -- An author's id: of a user, a key, or 'system'.
    actor text not null,
    -- The id of whom or what it was done to.
    subject text,
    address text,
    before jsonb,
    after jsonb
);
create index audit_log_act on audit_log (act, id);
create index audit_log_actor on audit_log (actor, id);
create index audit_log_subject on audit_log (subject, id);

-- Whoever can disable a trigger can do anything; whoever only has the node's ordinary statements can't rewrite it.
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever added to';
end $$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_audit_change();

-- migrate:down

drop table audit_log;
drop function refuse_audit_change;
