-- migrate:up

-- The oldest level of the schema whose nodes may still run on this database. `gatherup migrate` raises it before it
-- applies what older nodes can't run on; a node that starts compares it with its own level.
create table schema_serves (
    only_row boolean primary key default true check (only_row),
    oldest integer not null
);
insert into schema_serves (oldest) values (1);

-- migrate:down

drop table schema_serves;
