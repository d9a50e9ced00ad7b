-- migrate:up

-- Digests of the keys a node was started with; null for a node of the release before, which doesn't say. A token key
-- may be changed while nodes run, so each has several: the first one signs, the others are accepted as well.
alter table node add column receipt_digest bytea;
alter table node add column token_digests bytea[];

-- As join_cluster_v2, and refused where the keys don't fit those of a member. They are compared once the node has
-- joined, when nobody else can join before this ends; what was done until then is undone with the block.
create function join_cluster_v3(
    node_name text, cluster_name text, secret bytea, lease_seconds double precision, protocol_version integer,
    has_bus boolean, over_id bigint, over_fence bigint, over_lease bigint, receipt bytea, tokens bytea[]
) returns table (refused text, holder jsonb, node_id bigint, node_fence bigint) language plpgsql as $$
begin
    select j.refused, j.holder, j.node_id, j.node_fence
    from join_cluster_v2(
        node_name, cluster_name, secret, lease_seconds, protocol_version, has_bus, over_id, over_fence, over_lease
    ) j
    into refused, holder, node_id, node_fence;
    if node_fence is not null then
        select case
            when bool_or(n.receipt_digest <> receipt) then 'wrong_receipt_key'
            when bool_or(not n.token_digests @> tokens[1:1] or not tokens @> n.token_digests[1:1]) then 'wrong_token_key'
        end
        from node n where n.member and n.id <> node_id
        into refused;
        if refused is not null then
            raise using errcode = 'GU001', message = refused;
        end if;
        update node n set receipt_digest = receipt, token_digests = tokens where n.id = node_id;
    end if;
    return next;
exception when sqlstate 'GU001' then
    refused := sqlerrm;
    node_id := null;
    node_fence := null;
    return next;
end $$;

-- migrate:down

drop function join_cluster_v3;
alter table node drop column token_digests;
alter table node drop column receipt_digest;
