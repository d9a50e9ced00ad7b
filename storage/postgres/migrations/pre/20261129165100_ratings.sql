-- migrate:up

-- Who is rated in a game. When an account goes its row stays, so that the results of others keep their meaning.
create table rating_player (
    id      bigint generated always as identity primary key,
    game    text not null,
    account uuid references account on delete set null,
    mu      double precision,
    sigma   double precision,
    rating  double precision, -- null for who has no match any more
    matches bigint not null default 0,
    unique (game, account)
);
create index rating_player_rank on rating_player (game, rating desc, id);
create index rating_player_account on rating_player (account);

-- The ledger: rated matches of each game, in the order in which they were decided.
create table rating_match (
    stream_id uuid not null,
    match     bigint not null,
    game      text not null,
    at        bigint not null,
    entrant_a bigint not null,
    entrant_b bigint not null,
    -- Of rating_player: who played on each side.
    a         bigint[] not null,
    b         bigint[] not null,
    winner    bigint not null, -- 1: a, 2: b, 0: a draw
    primary key (stream_id, match)
);
create index rating_match_order on rating_match (game, at, stream_id, match);

-- What each match has made of the rating of each who played it.
create table rating_step (
    player    bigint not null references rating_player,
    at        bigint not null,
    stream_id uuid not null,
    match     bigint not null,
    mu        double precision not null,
    sigma     double precision not null,
    rating    double precision not null,
    matches   bigint not null,
    primary key (player, at, stream_id, match)
);
create index rating_step_match on rating_step (stream_id, match);

create table rating_game (
    game    text primary key,
    version bigint not null default 0, -- rises with every change of the ledger
    -- The first match from which on ratings are to be worked out again; null: they are as the ledger says.
    dirty_at     bigint,
    dirty_stream uuid,
    dirty_match  bigint
);

-- migrate:down

drop table rating_game, rating_step, rating_match, rating_player;
