-- migrate:up transaction:false

create index concurrently room_removed on room (deleted_at) where deleted_at is not null;

-- migrate:down

drop index room_removed;
