-- migrate:up

-- Times are Unix milliseconds, as everywhere.
create table account (
    id            uuid primary key,
    handle        text check (handle ~ '^[A-Za-z0-9_]{3,32}$'), -- null for guests
    display_name  text not null,
    password_hash text, -- null for guests
    created_at    bigint not null,
    deleted_at    bigint,
    check ((handle is null) = (password_hash is null))
);

create unique index account_handle_key on account (lower(handle)) where deleted_at is null;

-- A login is a family of refresh tokens: what a user lists and logs out.
create table login (
    id           uuid primary key,
    account      uuid not null references account on delete cascade,
    device       text not null,
    created_at   bigint not null,
    last_used_at bigint not null,
    revoked_at   bigint
);

create index login_account_idx on login (account);

-- Every token is good once. A used one is kept until it would have expired, so that its reuse is noticed.
create table refresh_token (
    hash       bytea primary key check (length(hash) = 32),
    login      uuid not null references login on delete cascade,
    issued_at  bigint not null,
    expires_at bigint not null,
    used_at    bigint
);

create index refresh_token_login_idx on refresh_token (login);

-- migrate:down

drop table refresh_token;
drop table login;
drop table account;
