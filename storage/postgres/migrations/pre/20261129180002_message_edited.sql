-- migrate:up transaction:false

create index concurrently message_edited on message (edited_at) where edited_at is not null;

-- migrate:down

drop index message_edited;
