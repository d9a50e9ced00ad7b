-- migrate:up

-- Definitions of tournaments that people keep.
create table tournament_template (
    id         uuid primary key default gen_random_uuid(),
    account    uuid not null references account on delete cascade,
    definition text not null, -- as JSON
    created_at bigint not null,
    changed_at bigint not null
);
create index tournament_template_of on tournament_template (account, created_at);

-- migrate:down

drop table tournament_template;
