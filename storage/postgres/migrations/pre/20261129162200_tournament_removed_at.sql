-- migrate:up transaction:false

create index concurrently tournament_removed on tournament (deleted_at) where deleted_at is not null;

-- migrate:down

drop index tournament_removed;
