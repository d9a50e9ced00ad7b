-- migrate:up

alter table tournament_entrant add column tags text[] not null default '{}';
alter table tournament add column moved bigint[] not null default '{}';

select make_writer('tournament_entrant'), make_writer('tournament');

-- migrate:down

alter table tournament_entrant drop column tags;
alter table tournament drop column moved;
select make_writer('tournament_entrant'), make_writer('tournament');
