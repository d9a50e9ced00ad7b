-- migrate:up

-- What nodes call from this release on, so that the migrations that remove can turn away those of the release before.
create function join_cluster_v2(
    node_name text, cluster_name text, secret bytea, lease_seconds double precision, protocol_version integer,
    has_bus boolean, over_id bigint, over_fence bigint, over_lease bigint
) returns table (refused text, holder jsonb, node_id bigint, node_fence bigint) language sql as $$
    select j.refused, j.holder, j.node_id, j.node_fence from join_cluster(
        node_name, cluster_name, secret, lease_seconds, protocol_version, has_bus, over_id, over_fence, over_lease
    ) j
$$;

-- migrate:down

drop function join_cluster_v2;
