-- migrate:up

-- Numbers of matches that are void since a stage before theirs was corrected: from the first to the last.
create table tournament_void (
    stream_id uuid not null,
    first bigint not null,
    last bigint not null,
    stage bigint not null,
    primary key (stream_id, first)
);
-- The match that an entrant has a place by: it may be void.
alter table tournament_entrant add column placed_in bigint;

select make_writer('tournament_void'), make_writer('tournament_entrant');

-- migrate:down

delete from projected_table where name = 'tournament_void';
drop function write_tournament_void, update_tournament_void;
drop table tournament_void;
alter table tournament_entrant drop column placed_in;
select make_writer('tournament_entrant');
