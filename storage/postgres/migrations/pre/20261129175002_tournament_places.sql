-- migrate:up transaction:false

-- The best of a tournament, for the standings of its series.
create index concurrently tournament_entrant_place on tournament_entrant (stream_id, place) where place is not null;

-- migrate:down transaction:false

drop index concurrently tournament_entrant_place;
