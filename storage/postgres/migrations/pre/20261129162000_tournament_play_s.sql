-- migrate:up

-- How long a match may be played before somebody reports it; 0: for ever.
alter table tournament add column play_s bigint not null default 0;

select make_writer('tournament');

-- migrate:down

alter table tournament drop column play_s;
select make_writer('tournament');
