-- migrate:up

-- Rules of rounds as JSON; of matches what was picked and banned, and what makes them wait.
alter table tournament add column rounds text not null default '[]';
alter table tournament_match
    add column picks bigint[] not null default '{}',
    add column held boolean not null default false,
    add column latest bigint,
    add column proposed_by bigint,
    add column proposed_at bigint;
select make_writer('tournament'), make_writer('tournament_match');

-- migrate:down

alter table tournament_match
    drop column picks, drop column held, drop column latest, drop column proposed_by, drop column proposed_at;
alter table tournament drop column rounds;
select make_writer('tournament'), make_writer('tournament_match');
