"""The guide's three terminals: each command is a node of one role, and they fit beside each other on one machine."""

from __future__ import annotations

import re

from gatherup import config
from gatherup.config.tree import ROLES
from tests.architecture.test_k8s import GUIDE

SHARED = {
    "DATABASE_URL": "postgresql://u:p@db/gatherup",
    "REDIS_URL": "redis://redis:6379/0",
    "GATHERUP_AUTH_TOKEN_KEY": "a1" * 32,
    "GATHERUP_RUNTIME_RECEIPT_KEY": "b2" * 32,
    "GATHERUP_CLUSTER_SECRET": "c3" * 32,
}
OF_WORKERS = {"worker": {"GATHERUP_ROLES": "worker"}, "serve": {}}


def test_three_terminals_run_the_roles_apart() -> None:
    commands = re.findall(r"^((?:[A-Z_]+=\S+ )+)gatherup (serve|worker)$", GUIDE, re.MULTILINE)
    nodes = [
        config.read({**SHARED, **dict(pair.split("=", 1) for pair in given.split()), **OF_WORKERS[command]})
        for given, command in commands
    ]
    assert [node.node.roles for node in nodes] == [(role,) for role in ROLES]
    assert len({node.node.name for node in nodes}) == len({node.http.port for node in nodes}) == len(ROLES)
