-- migrate:up

-- Whether matches have rooms in which their players and staff can talk, and the room of a match.
alter table tournament add column rooms boolean not null default false;
alter table tournament_match add column room text;

select make_writer('tournament');
select make_writer('tournament_match');

-- migrate:down

alter table tournament drop column rooms;
alter table tournament_match drop column room;
select make_writer('tournament');
select make_writer('tournament_match');
