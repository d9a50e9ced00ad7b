-- migrate:up transaction:false

create index concurrently read_position_stream on read_position (stream_id);

-- migrate:down

drop index read_position_stream;
