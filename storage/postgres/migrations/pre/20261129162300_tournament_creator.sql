-- migrate:up transaction:false

create index concurrently tournament_creator on tournament (created_by, created_at);

-- migrate:down

drop index tournament_creator;
