-- migrate:up

alter table tournament
    add column team_min bigint not null default 0,
    add column team_max bigint not null default 0,
    add column substitutes bigint not null default 0;
-- User ids.
alter table tournament_entrant
    add column roster text[] not null default '{}',
    add column invited text[] not null default '{}';
-- Also of those whom a team has invited, and who have played for it: 'player', 'invited' or 'out'.
alter table tournament_player add column role text not null default 'player';

create table tournament_substitution (
    stream_id uuid not null,
    seq bigint not null,
    match bigint not null,
    entrant bigint not null,
    player text not null,
    substitute text not null,
    primary key (stream_id, seq)
);
create index tournament_substitution_match on tournament_substitution (stream_id, match, seq);

select make_writer('tournament'), make_writer('tournament_entrant'), make_writer('tournament_player'),
    make_writer('tournament_substitution');

-- migrate:down

delete from projected_table where name = 'tournament_substitution';
drop function write_tournament_substitution, update_tournament_substitution;
drop table tournament_substitution;
alter table tournament_player drop column role;
alter table tournament_entrant drop column roster, drop column invited;
alter table tournament drop column team_min, drop column team_max, drop column substitutes;
select make_writer('tournament'), make_writer('tournament_entrant'), make_writer('tournament_player');
