-- migrate:up

alter table tournament_entrant add column late_seed bigint, add column half_byes bigint not null default 0;

select make_writer('tournament_entrant');

-- migrate:down

alter table tournament_entrant drop column late_seed, drop column half_byes;
select make_writer('tournament_entrant');
