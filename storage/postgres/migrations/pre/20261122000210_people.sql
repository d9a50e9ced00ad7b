-- migrate:up

-- A handle is compared in two ways: as protocol.handles.folded writes it, and by what it looks like. Both are written
-- with the handle itself, and gone with it when the account is erased.
alter table account
    add column handle_folded text collate "C",
    add column handle_skeleton text,
    add column handle_changed_at bigint,
    add column about text not null default '',
    add column avatar_url text,
    -- Who may open direct rooms with this user, invite them, and see whether and when they were here.
    add column direct_from text not null default 'everyone',
    add column invites_from text not null default 'everyone',
    add column presence_to text not null default 'everyone',
    add column last_seen_to text not null default 'friends',
    add column last_seen_at bigint,
    -- Raised by every change of what the user may change; the entity tag of their profile.
    add column revision bigint not null default 1,
    add column admin boolean not null default false,
    add column banned_at bigint,
    add column ban_reason text not null default '',
    -- A deleted account is hidden at once. Until this time signing in keeps it; then its row goes.
    add column erase_at bigint,
    add constraint account_erased_later check ((deleted_at is null) = (erase_at is null)),
    add constraint account_handle_compared check (
        (handle is null) = (handle_folded is null) and (handle is null) = (handle_skeleton is null)
    ),
    add constraint account_audiences check (
        direct_from in ('everyone', 'friends', 'nobody') and invites_from in ('everyone', 'friends', 'nobody')
        and presence_to in ('everyone', 'friends', 'nobody') and last_seen_to in ('everyone', 'friends', 'nobody')
    );
-- Held through the window too: a handle is free again once its account is erased.
create unique index account_handle_folded_key on account (handle_folded);
create unique index account_handle_skeleton_key on account (handle_skeleton);
create index account_banned_at on account (banned_at, id) where banned_at is not null;
create index account_erase_at on account (erase_at) where erase_at is not null;

create table person_block (
    account uuid not null references account on delete cascade,
    blocked uuid not null references account on delete cascade,
    created_at bigint not null,
    primary key (account, blocked),
    check (account <> blocked)
);
create index person_block_blocked on person_block (blocked);

-- One row a pair, the smaller id first.
create table friendship (
    one uuid not null references account on delete cascade,
    other uuid not null references account on delete cascade,
    created_at bigint not null,
    primary key (one, other),
    check (one < other)
);
create index friendship_other on friendship (other);

-- Whether a person lets somebody know what only such an audience may.
create function lets_know(person uuid, audience text, viewer uuid) returns boolean language sql stable as $$
    select person = viewer or (
        audience <> 'nobody'
        and not exists (select from person_block b where b.account = person and b.blocked = viewer)
        and (audience = 'everyone' or exists (
            select from friendship f where f.one = least(person, viewer) and f.other = greatest(person, viewer)
        ))
    )
$$;

-- When a person was here last, as far as they let the viewer know.
create function last_seen_for(viewer uuid, person account) returns bigint language sql stable as $$
    select case when lets_know(person.id, person.last_seen_to, viewer) then person.last_seen_at end
$$;

create table friend_request (
    account uuid not null references account on delete cascade,
    wanted uuid not null references account on delete cascade,
    created_at bigint not null,
    primary key (account, wanted),
    check (account <> wanted)
);
create index friend_request_wanted on friend_request (wanted);

-- Accounts whose rows are gone and whose texts may still stand in streams.
create table erasure (
    account uuid primary key,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now()
);

-- What somebody wrote in streams beside messages.
create index projection_row_authored on projection_row ((value ->> 'author')) where name = 'authored';

-- migrate:down

drop index projection_row_authored;
drop function last_seen_for, lets_know;
drop table erasure, friend_request, friendship, person_block;
drop index account_erase_at, account_banned_at, account_handle_skeleton_key, account_handle_folded_key;
alter table account
    drop constraint account_audiences, drop constraint account_handle_compared,
    drop constraint account_erased_later, drop column erase_at, drop column ban_reason, drop column banned_at,
    drop column admin, drop column revision, drop column last_seen_to, drop column presence_to,
    drop column invites_from, drop column direct_from, drop column avatar_url, drop column about,
    drop column handle_changed_at, drop column handle_skeleton, drop column handle_folded;
