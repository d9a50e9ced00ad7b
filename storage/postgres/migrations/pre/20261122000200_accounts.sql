-- migrate:up

-- Times are Unix milliseconds, as everywhere.
create table account (
    id            uuid primary key,
    handle        text, -- null for guests, and for who signed in elsewhere and hasn't taken one
    display_name  text not null,
    password_hash text, -- null for guests, and for who signs in elsewhere only
    -- Only an address that was verified stands here, so nobody can hold another's.
    email         text check (email = lower(email)),
    device_digest bytea check (length(device_digest) = 32), -- of a guest's device secret
    created_at    bigint not null,
    deleted_at    bigint
);

create unique index account_email_key on account (email);
create unique index account_device_key on account (device_digest);
create index account_guest_idx on account (created_at) where handle is null and deleted_at is null;

-- A login is a family of refresh tokens: what a user lists and logs out.
create table login (
    id           uuid primary key,
    account      uuid not null references account on delete cascade,
    device       text not null, -- what the client calls itself
    place        text not null, -- the remote address it began at
    last_place   text not null, -- the remote address it was last used at
    created_at   bigint not null,
    last_used_at bigint not null,
    expires_at   bigint not null, -- of its newest refresh token
    revoked_at   bigint
);

create index login_account_idx on login (account);
create index login_expires_idx on login (expires_at);

-- Every token is good once. A used one is kept until it would have expired, so that its reuse is noticed.
create table refresh_token (
    hash         bytea primary key check (length(hash) = 32),
    login        uuid not null references login on delete cascade,
    issued_at    bigint not null,
    expires_at   bigint not null,
    used_at      bigint,
    retry_digest bytea -- of the key it was exchanged with: who shows both again gets the same successor
);

create index refresh_token_login_idx on refresh_token (login);

-- What was mailed and proves that its reader has the mailbox. Good once; the newest of a purpose is the only one.
create table mailed_token (
    digest     bytea primary key check (length(digest) = 32),
    account    uuid not null references account on delete cascade,
    purpose    text not null check (purpose in ('verify_email', 'reset_password')),
    email      text not null,
    expires_at bigint not null,
    unique (account, purpose)
);

create table second_factor (
    account      uuid primary key references account on delete cascade,
    secret       bytea not null, -- sealed
    confirmed_at bigint,         -- null until a first code was right: not asked for before
    last_step    bigint not null -- the time step of the last code that was taken; older ones are used up
);

create table recovery_code (
    account uuid not null references account on delete cascade,
    digest  bytea not null check (length(digest) = 32),
    primary key (account, digest)
);

-- Who one is at an OpenID provider. Linked by this pair only, never by an e-mail address.
create table identity (
    issuer    text not null,
    subject   text not null,
    account   uuid not null references account on delete cascade,
    linked_at bigint not null,
    primary key (issuer, subject),
    unique (account, issuer)
);

-- Wrong attempts. Keys are digests, so that names and addresses that were tried don't stand here.
create table attempt (
    key      bytea primary key,
    failures integer not null,
    last_at  bigint not null
);

create index attempt_last_idx on attempt (last_at);

-- migrate:down

drop table attempt;
drop table identity;
drop table recovery_code;
drop table second_factor;
drop table mailed_token;
drop table refresh_token;
drop table login;
drop table account;
