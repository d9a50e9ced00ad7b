-- migrate:up

-- Whether an operator wants the node to end. What drains gets no shards: nodes that end, and nodes without the role
-- stream, which join so. Nodes of the release before need to know no more.
alter table node add column leaving boolean not null default false;

create or replace function member_row(n node) returns jsonb stable language sql as $$
    select jsonb_build_object(
        'id', n.id, 'name', n.name, 'fence', n.fence, 'lease', n.lease, 'lease_s', n.lease_s,
        'draining', n.draining, 'leaving', n.leaving, 'protocol', n.protocol, 'bridged', n.bridged, 'hears', n.hears,
        'report', n.report
    )
$$;

create or replace function drain_node(node_name text) returns boolean language plpgsql as $$
begin
    update node n set draining = true, leaving = true where n.name = node_name and n.member and not n.leaving;
    if found then
        update cluster c set version = c.version + 1;
    end if;
    return exists (select from node n where n.name = node_name and n.member);
end $$;

-- As join_cluster_v3, for a node that owns streams or (has_streams false) never gets any: what an earlier run of its
-- name still owned is nobody's. The cluster's row is held, so no view shows what was before.
create function join_cluster_v4(
    node_name text, cluster_name text, secret bytea, lease_seconds double precision, protocol_version integer,
    has_bus boolean, over_id bigint, over_fence bigint, over_lease bigint, receipt bytea, tokens bytea[],
    has_streams boolean
) returns table (refused text, holder jsonb, node_id bigint, node_fence bigint) language plpgsql as $$
begin
    select j.refused, j.holder, j.node_id, j.node_fence
    from join_cluster_v3(
        node_name, cluster_name, secret, lease_seconds, protocol_version, has_bus, over_id, over_fence, over_lease,
        receipt, tokens
    ) j
    into refused, holder, node_id, node_fence;
    if node_fence is not null then
        update node n set draining = not has_streams, leaving = false where n.id = node_id;
        if not has_streams then
            update shard h set owner = null, epoch = h.epoch + 1 where h.owner = node_id;
        end if;
    end if;
    return next;
end $$;

-- migrate:down

drop function join_cluster_v4;

create or replace function drain_node(node_name text) returns boolean language plpgsql as $$
begin
    update node n set draining = true where n.name = node_name and n.member and not n.draining;
    if found then
        update cluster c set version = c.version + 1;
    end if;
    return exists (select from node n where n.name = node_name and n.member);
end $$;

create or replace function member_row(n node) returns jsonb stable language sql as $$
    select jsonb_build_object(
        'id', n.id, 'name', n.name, 'fence', n.fence, 'lease', n.lease, 'lease_s', n.lease_s,
        'draining', n.draining, 'protocol', n.protocol, 'bridged', n.bridged, 'hears', n.hears, 'report', n.report
    )
$$;

alter table node drop column leaving;
