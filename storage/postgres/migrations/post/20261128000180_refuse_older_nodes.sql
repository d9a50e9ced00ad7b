-- migrate:up

-- A node of the release before would join, own its share of the streams and write to none of them: it doesn't look which
-- nodes the schema serves. So what it joins by refuses it. The next release drops this.
drop function join_cluster_v2;
alter function join_cluster rename to join_cluster_v2;
create function join_cluster(
    node_name text, cluster_name text, secret bytea, lease_seconds double precision, protocol_version integer,
    has_bus boolean, over_id bigint, over_fence bigint, over_lease bigint
) returns table (refused text, holder jsonb, node_id bigint, node_fence bigint) language sql as $$
    select 'unsupported_protocol', null::jsonb, null::bigint, null::bigint
$$;

-- migrate:down

-- Nothing: no node of the release before may write to this database any more.
