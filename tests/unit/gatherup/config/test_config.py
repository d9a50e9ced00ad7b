"""The configuration tree: strict, complete, and silent about secrets."""

from __future__ import annotations

from contextlib import suppress

import pytest
from click.testing import CliRunner

from gatherup import config
from gatherup.cli import main
from gatherup.config import ConfigError, Key, Secret
from gatherup.config.leaves import leaves
from tests.markdown import ROOT

PASSWORD = "hunter2-never-shown"
MINIMAL = {
    "DATABASE_URL": f"postgresql://gatherup:{PASSWORD}@db:5432/gatherup",
    "GATHERUP_AUTH_TOKEN_KEY": "a1" * 32,
    "GATHERUP_RUNTIME_RECEIPT_KEY": "b2" * 32,
}


def problems(**variables: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.read({**MINIMAL, **variables})
    return caught.value.problems


def test_the_minimal_environment_gives_the_defaults() -> None:
    read = config.read(MINIMAL)
    assert (read.http.port, read.stream.port, read.log.format) == (8080, 8081, "json")
    assert read.postgres.url.reveal() == MINIMAL["DATABASE_URL"]
    assert read.auth.token_key.key == b"\xa1" * 32
    assert read.redis.url is None


def test_every_setting_can_be_set() -> None:
    for leaf in leaves():
        with suppress(ConfigError):  # it says what it should have been; nothing else may go wrong
            config.read({**MINIMAL, leaf.variable: "x"})


def test_variables_reach_their_leaves() -> None:
    read = config.read(
        {
            **MINIMAL,
            "GATHERUP_HTTP_PORT": "0",
            "GATHERUP_CANARY_PERIOD_S": "0.5",
            "REDIS_URL": "redis://h:1/0",
            "GATHERUP_CLUSTER_SECRET": "c3" * 32,
            "GATHERUP_NODE_SHARE_PORTS": "true",
        }
    )
    assert (read.http.port, read.canary.period_s) == (0, 0.5)
    assert read.redis.url is not None
    assert read.redis.url.reveal() == "redis://h:1/0"
    assert read.cluster.secret is not None
    assert read.cluster.secret.key == b"\xc3" * 32
    assert read.node.share_ports


def test_a_list_is_separated_by_commas_and_shown_so() -> None:
    origins = "https://play.example,http://localhost:3000"
    read = config.read({**MINIMAL, "GATHERUP_STREAM_ALLOWED_ORIGINS": origins.replace(",", ", ")})
    assert read.stream.allowed_origins == ("https://play.example", "http://localhost:3000")
    assert f"GATHERUP_STREAM_ALLOWED_ORIGINS={origins}" in config.shown(read).splitlines()


def test_an_empty_variable_counts_as_unset() -> None:
    assert config.read({**MINIMAL, "GATHERUP_HTTP_PORT": "", "REDIS_URL": ""}).http.port == 8080


def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        config.read({})
    assert [p.partition(":")[0] for p in caught.value.problems] == list(MINIMAL)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATHERUP_HTTP_PROT", "1"),
        ("GATHERUP_HTTP_PORT", "eighty"),
        ("GATHERUP_HTTP_PORT", "65536"),
        ("GATHERUP_HTTP_PORT", "-1"),
        ("GATHERUP_CANARY_PERIOD_S", "0"),
        ("GATHERUP_CANARY_PERIOD_S", "nan"),
        ("GATHERUP_CANARY_PERIOD_S", "inf"),
        ("GATHERUP_LOG_FORMAT", "xml"),
        ("GATHERUP_NODE_NAME", "two words"),
        ("GATHERUP_NODE_NAME", "line\n"),
        ("GATHERUP_AUTH_TOKEN_KEY", "a1" * 31),
        ("GATHERUP_AUTH_TOKEN_KEY", "zz" * 32),
        ("GATHERUP_RUNTIME_RECEIPT_KEY", MINIMAL["GATHERUP_AUTH_TOKEN_KEY"]),
        ("GATHERUP_POSTGRES_COMMITTERS", "4"),
        ("GATHERUP_RUNTIME_LOOP_HOLD_MAX_S", "nan"),
        ("GATHERUP_STREAM_ALLOWED_ORIGINS", "https://play.example,"),
        ("GATHERUP_STREAM_ALLOWED_ORIGINS", "https://play.example/path"),
        ("GATHERUP_STREAM_CONNECTIONS_MAX", "0"),
        ("GATHERUP_STREAM_CONNECTIONS_PER_ADDRESS_MAX", "many"),
        ("GATHERUP_CLUSTER_NAME", "a:b"),
        ("GATHERUP_CLUSTER_SECRET", "short"),
        ("GATHERUP_CLUSTER_SECRET", MINIMAL["GATHERUP_AUTH_TOKEN_KEY"]),
        ("GATHERUP_CLUSTER_SECRET", MINIMAL["GATHERUP_RUNTIME_RECEIPT_KEY"]),
        ("GATHERUP_CLUSTER_LEASE_S", "0.1"),
        ("GATHERUP_CLUSTER_CLOCK_SKEW_MAX_S", "0"),
        ("GATHERUP_NODE_SHARE_PORTS", "perhaps"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "http://x"),
    ],
)
def test_a_bad_variable_is_named(variable: str, value: str) -> None:
    (problem,) = problems(**{variable: value})
    assert problem.startswith(f"{variable}: ")


def test_redis_needs_the_cluster_s_secret() -> None:
    assert problems(REDIS_URL="redis://h:1/0") == ["GATHERUP_CLUSTER_SECRET: must be set when REDIS_URL is"]


@pytest.mark.parametrize("roles", ["apis", "api,,worker", "api, streams", "all"])
def test_an_unknown_role_is_refused_with_the_known_ones(roles: str) -> None:
    assert problems(GATHERUP_ROLES=roles) == [
        f"GATHERUP_ROLES: {roles!r} is not allowed: each must be one of api, stream, worker"
    ]


def test_a_node_without_streams_needs_redis_to_reach_them() -> None:
    two = config.read({**MINIMAL, "GATHERUP_ROLES": "stream, worker"})
    assert two.node.roles == ("stream", "worker")
    assert problems(GATHERUP_ROLES="api,worker") == [
        "GATHERUP_ROLES: without stream REDIS_URL must be set, to reach the nodes that have that role"
    ]


def test_a_wrong_choice_names_the_right_ones() -> None:
    assert problems(GATHERUP_LOG_LEVEL="loud") == [
        "GATHERUP_LOG_LEVEL: 'loud' is not allowed: must be one of debug, info, warning, error"
    ]


@pytest.mark.parametrize("variable", ["GATHERUP_AUTH_TOKEN_KEY", "DATABASE_URL", "REDIS_URL"])
def test_a_bad_secret_is_not_repeated(variable: str) -> None:
    assert PASSWORD not in "".join(problems(**{variable: PASSWORD}))


def test_nothing_shows_a_secret() -> None:
    cluster = {"REDIS_URL": f"redis://:{PASSWORD}@h:1/0", "GATHERUP_CLUSTER_SECRET": "c3" * 32}
    read = config.read({**MINIMAL, **cluster})
    for text in (repr(read), str(read), f"{read}", config.shown(read), repr(Secret(PASSWORD))):
        assert PASSWORD not in text
        assert "a1a1" not in text
        assert "c3c3" not in text
    assert "DATABASE_URL=<hidden>" in config.shown(read)


def test_shown_names_every_leaf_with_its_value() -> None:
    lines = dict(line.split("=", 1) for line in config.shown(config.read(MINIMAL)).splitlines())
    assert list(lines) == [leaf.variable for leaf in config.leaves()]
    assert lines["GATHERUP_HTTP_PORT"] == "8080"


def test_every_leaf_says_what_it_is_and_names_its_unit() -> None:
    for leaf in config.leaves():
        assert leaf.description, leaf.variable
        if leaf.default is not None and isinstance(leaf.default, float):
            assert leaf.field.endswith(("_s", "_burst", "ratio")), leaf.variable


def test_the_example_file_is_the_tree() -> None:
    assert (ROOT / ".env.example").read_text() == config.example()


def test_the_example_with_its_blanks_filled_is_a_configuration() -> None:
    lines = [
        line.removeprefix("#") for line in config.example().splitlines() if "=" in line and "# " not in line
    ]
    filled = {**dict(line.split("=", 1) for line in lines), **MINIMAL}
    assert config.read(filled) == config.read(MINIMAL)


def test_keys_are_compared_whole() -> None:
    assert Key("a1" * 32) == Key("A1" * 32) or Key("a1" * 32).key == Key("A1" * 32).key
    assert Key("a1" * 32) != Key("a2" * 32)


def test_check_config_prints_the_tree() -> None:
    done = CliRunner().invoke(main, ["check-config"], env=MINIMAL)
    assert done.exit_code == 0
    assert "GATHERUP_HTTP_PORT=8080" in done.output
    assert PASSWORD not in done.output


def test_check_config_exits_2_and_names_what_is_wrong() -> None:
    done = CliRunner().invoke(main, ["check-config"], env={**MINIMAL, "GATHERUP_NOPE": "1"})
    assert done.exit_code == 2
    assert "GATHERUP_NOPE: there is no such setting" in done.output


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:not%zzshown@h/db",
        "postgresql://u:and@not-shown@h/db",
        "postgresql://u:not-shown/rest@h/db",
        "postgresql://u:p@h/db?not_shown=1",
        "host=h password=one not-shown",
        "host=h password='not-shown",
    ],
)
def test_a_database_url_whose_password_isnt_escaped_is_refused_unseen(url: str) -> None:
    with pytest.raises(config.ConfigError) as caught:
        config.read({**MINIMAL, "DATABASE_URL": url})
    (problem,) = caught.value.problems
    assert problem.startswith("DATABASE_URL: ")
    assert "shown" not in problem.replace("<hidden>", "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40ss@h1:5432,[::1]:5433/db?sslmode=require",
        "postgresql:///db?host=/var/run/postgresql",
        "host=h,i port=5432 dbname=d password='with space'",
    ],
)
def test_forms_of_a_database_url(url: str) -> None:
    assert config.read({**MINIMAL, "DATABASE_URL": url}).postgres.url.reveal() == url
