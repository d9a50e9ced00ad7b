-- migrate:up

-- How far users have read rooms: the number of a message. A row is only ever moved forward, and often: room is left on
-- its page for that.
create table read_position (
    user_id text not null,
    stream_id uuid not null,
    number bigint not null,
    primary key (user_id, stream_id)
) with (fillfactor = 70);

-- migrate:down

drop table read_position;
