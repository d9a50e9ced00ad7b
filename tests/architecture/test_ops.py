"""The image and the compose file fit the server: its settings, ports, commands and packages."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml
from packaging.requirements import Requirement

from gatherup import config
from gatherup.cli import main
from gatherup.config.leaves import PREFIX
from gatherup.operator.healthcheck import TIMEOUT_S
from protocol import limits

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
COMPOSE: dict[str, Any] = yaml.safe_load((OPS / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DEVELOPMENT: dict[str, Any] = yaml.safe_load((OPS / "compose.dev.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NODES = ("node-1", "node-2")
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::\?[^}]*)?\}")
INSTRUCTIONS = [
    line.split(maxsplit=1)
    for line in re.sub(r"\\\n\s*", " ", (OPS / "Dockerfile").read_text()).splitlines()
    if line and not line.startswith("#")
]


def instructions(name: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == name]


def image_environment() -> dict[str, str]:
    """What the last stage sets."""
    pairs = [pair.split("=", 1) for pair in instructions("ENV")[-1].split()]
    return {pair[0]: pair[1] for pair in pairs}


def secrets() -> dict[str, str]:
    """Values for what ops/.env.example asks for."""
    lines = [line for line in (OPS / ".env.example").read_text().splitlines() if line and line[0] != "#"]
    names = [line.partition("=") for line in lines]
    assert all(value == "" for _, _, value in names), "an example holds no secret"
    return {name: f"{n:064x}" for n, (name, _, _) in enumerate(names)}


def environment(service: str) -> dict[str, str]:
    """A service's variables as Compose fills them in."""
    given = SERVICES[service].get("environment", {})
    filled = {k: _VARIABLE.sub(lambda m: secrets()[m["name"]], str(v)) for k, v in given.items()}
    return {k: v.replace("$$", "$") for k, v in filled.items()}


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


# --- compose ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", NODES)
def test_a_node_s_settings_make_a_configuration(node: str) -> None:
    made = {k: v for k, v in image_environment().items() if k.startswith(PREFIX)}
    found = config.read({**made, **environment(node)})
    assert found.node.name == node
    assert found.http.host == found.stream.host == "0.0.0.0"
    database, redis = urlsplit(found.postgres.url.reveal()), found.redis.url
    assert redis is not None
    assert database.hostname in SERVICES
    assert urlsplit(redis.reveal()).hostname in SERVICES
    account = environment("postgres")
    assert (database.username, database.password) == (account["POSTGRES_USER"], account["POSTGRES_PASSWORD"])
    assert database.path == "/" + account["POSTGRES_DB"]
    assert urlsplit(redis.reveal()).password == environment("valkey")["VALKEY_PASSWORD"]


@pytest.mark.parametrize("service", [*NODES, "migrate"])
def test_every_variable_is_a_setting(service: str) -> None:
    known = {leaf.variable for leaf in config.leaves()}
    assert environment(service).keys() <= known


def test_migrating_needs_only_the_database() -> None:
    assert config.database_url(environment("migrate")) == config.database_url(environment("node-1"))
    assert "sslmode=disable" in environment("migrate")["DATABASE_URL"]  # dbmate would ask for TLS


def test_secrets_come_from_the_environment() -> None:
    text = (OPS / "compose.yaml").read_text()
    assert {m["name"] for m in _VARIABLE.finditer(text)} == secrets().keys()
    assert all(":?" in m[0] for m in _VARIABLE.finditer(text)), "a missing secret must stop Compose"
    required = {leaf.variable for leaf in config.leaves() if leaf.required}
    assert required <= environment("node-1").keys()


def test_commands_exist() -> None:
    for service in (*NODES, "migrate"):
        name, *arguments = SERVICES[service]["command"]
        main.commands[name].make_context(name, arguments)


def test_migration_comes_before_serving() -> None:
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for node in NODES:
        assert SERVICES[node]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert SERVICES[node]["depends_on"]["valkey"]["condition"] == "service_healthy"
    for service in SERVICES.values():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys()


def test_the_nodes_differ_in_name_and_ports_alone() -> None:
    assert tuple(name for name, service in SERVICES.items() if service.get("command") == ["serve"]) == NODES
    first, second = (SERVICES[name] for name in NODES)
    assert {k for k in first.keys() | second.keys() if first.get(k) != second.get(k)} == {
        "environment",
        "ports",
    }
    one, other = (environment(name) for name in NODES)
    assert {k for k in one.keys() | other.keys() if one.get(k) != other.get(k)} == {"GATHERUP_NODE_NAME"}


def test_a_crashed_node_is_started_again_and_a_drained_one_is_not() -> None:
    assert all(SERVICES[name]["restart"] == "on-failure" for name in NODES)


def test_ports_are_the_defaults_inside_and_stay_on_this_machine() -> None:
    published = [port.split(":") for name in NODES for port in SERVICES[name]["ports"]]
    assert {host for host, _, _ in published} == {"127.0.0.1"}
    assert len({outside for _, outside, _ in published}) == len(published)
    exposed = {int(port) for port in instructions("EXPOSE")[0].split()}
    for name in NODES:
        inside = {int(port.split(":")[2]) for port in SERVICES[name]["ports"]}
        assert inside == exposed == {config.Http().port, config.Stream().port}
    assert all("ports" not in service for name, service in SERVICES.items() if name not in NODES)


def test_a_stopping_node_has_the_time_it_needs() -> None:
    http, stream = config.Http(), config.Stream()
    moving_s = stream.goodbye_spread_s + limits.CLOSE_TIMEOUT_S + http.shutdown_timeout_s
    runtime = next(leaf for leaf in config.leaves() if leaf.field == "drain_timeout_s").default
    assert isinstance(runtime, float)
    lame_duck_s = next(leaf for leaf in config.leaves() if leaf.field == "lame_duck_s").default
    assert isinstance(lame_duck_s, float)
    needed_s = (
        lame_duck_s + runtime + moving_s + runtime
    )  # waits for proxies, hands over, moves its clients, finishes the rest
    assert all(seconds(SERVICES[name]["stop_grace_period"]) > needed_s for name in NODES)


@pytest.mark.parametrize("service", ["postgres", "valkey"])
def test_servers_are_checked_and_pinned(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]
    assert re.fullmatch(r"[a-z/]+:\d+", SERVICES[service]["image"])


def test_postgres_keeps_its_data_in_a_volume() -> None:
    volume, _, path = SERVICES["postgres"]["volumes"][0].partition(":")
    assert volume in COMPOSE["volumes"]
    assert path == "/var/lib/postgresql"  # from 18 on; the image refuses the older .../data


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_limits_and_gains_no_privileges(service: str) -> None:
    limits_ = SERVICES[service]["deploy"]["resources"]["limits"]
    assert limits_.keys() == {"cpus", "memory", "pids"}
    assert float(limits_["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits_["memory"])
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", ["valkey", "migrate", *NODES])
def test_what_keeps_no_data_can_write_none(service: str) -> None:
    assert SERVICES[service]["read_only"]
    assert SERVICES[service]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("node", [*(SERVICES[name] for name in NODES), DEVELOPMENT["services"]["node"]])
def test_compose_asks_whether_a_node_lives(node: dict[str, Any]) -> None:
    _, *command = node["healthcheck"]["test"]
    assert command == health_check()
    assert seconds(node["healthcheck"]["timeout"]) > TIMEOUT_S


# --- compose for development -----------------------------------------------------------------------------


def test_development_needs_no_secret_to_invent() -> None:
    text = (OPS / "compose.dev.yaml").read_text()
    assert not _VARIABLE.search(text)
    assert not re.search(r"PASSWORD|[0-9a-f]{32}", text)


def test_development_makes_its_keys_once(tmp_path: Path) -> None:
    services = DEVELOPMENT["services"]
    (script,) = services["keys"]["command"]
    program = [*services["keys"]["entrypoint"], script.replace("$$", "$").replace("/keys", str(tmp_path))]

    def made() -> dict[str, str]:
        subprocess.run(program, check=True)
        return {path.name: path.read_text() for path in tmp_path.iterdir()}

    first = made()
    assert made() == first, "the next start keeps them"
    given = {k: v.replace("/keys", str(tmp_path)) for k, v in services["node"]["environment"].items()}
    assert {f"{name}_FILE" for name in first} < given.keys()
    found = config.read({**{k: v for k, v in image_environment().items() if k.startswith(PREFIX)}, **given})
    assert found.auth.token_key != found.runtime.receipt_key
    assert config.database_url(services["migrate"]["environment"]) == found.postgres.url
    assert urlsplit(found.postgres.url.reveal()).hostname in services


def test_development_serves_on_this_machine_when_all_is_prepared() -> None:
    services = DEVELOPMENT["services"]
    assert all(port.startswith("127.0.0.1:") for s in services.values() for port in s.get("ports", ()))
    assert services["node"]["depends_on"] == {
        name: {"condition": "service_completed_successfully"} for name in ("keys", "migrate")
    }
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("migrate", "node"):
        command, *arguments = services[name]["command"]
        main.commands[command].make_context(command, arguments)
    assert {v.partition(":")[0] for s in services.values() for v in s.get("volumes", ())} == {
        *DEVELOPMENT["volumes"]
    }


# --- the image -------------------------------------------------------------------------------------------


def test_the_image_runs_the_server_as_an_ordinary_user() -> None:
    assert json.loads(instructions("ENTRYPOINT")[0])[0] in PROJECT["project"]["scripts"]
    assert json.loads(instructions("CMD")[-1])[0] in main.commands
    user, group = instructions("USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_bases_are_pinned_by_tag() -> None:
    assert [base.split()[0] for base in instructions("FROM")] == ["${BASE}"] * 2
    (base,) = instructions("ARG")
    assert re.fullmatch(r"BASE=python:3\.\d+-slim", base)


def test_the_image_holds_no_embedded_server() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    embedded = PROJECT["project"]["optional-dependencies"]["embedded"]
    assert embedded
    for requirement in embedded:
        assert not re.search(rf"^{Requirement(requirement).name}==", lock, re.MULTILINE)


def test_where_the_image_can_t_be_built_that_is_said(tmp_path: Path) -> None:
    """Without the programs it needs it is skipped, and nothing is touched."""
    bash = shutil.which("bash")
    assert bash is not None
    for tool in ("dirname", "id"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    script = [bash, str(OPS / "build-image.sh")]
    done = subprocess.run(script, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout == "The image isn't built: that needs root, and Debian's buildah.\n"


def test_the_image_is_for_no_machine_alone() -> None:
    assert not re.search(r"amd64|arm64|x86_64|aarch64|--platform", (OPS / "Dockerfile").read_text())


def test_everything_installed_is_checked_against_the_locks() -> None:
    text = "\n".join(instructions("RUN"))
    installs = re.findall(r"pip (?:install|wheel) [^&\n]*", text)
    assert len(installs) == 4
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    assert "PIP_ONLY_BINARY=:all:" in instructions("ENV")[0]
    assert not re.search(r"apt|gcc|build-essential", text)


def test_what_builds_the_wheel_is_named_completely() -> None:
    named = re.search(r"\^\(([^)]*)\)==", (OPS / "Dockerfile").read_text())
    assert named is not None
    wanted, waiting = set[str](), ["hatchling"]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or ())
            waiting += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    assert set(named[1].split("|")) == wanted


def test_the_build_gets_what_it_copies() -> None:
    copied = {part for line in instructions("COPY") if "--from" not in line for part in line.split()[:-1]}
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages <= copied
    allowed = {
        line[1:] for line in (OPS / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def health_check() -> list[str]:
    """The command by which the image is asked."""
    return json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])


def test_the_health_check_asks_whether_the_node_lives() -> None:
    options = instructions("HEALTHCHECK")[0].partition("CMD ")[0]
    program, name, *rest = health_check()
    assert (program, name, rest) == (json.loads(instructions("ENTRYPOINT")[0])[0], "healthcheck", [])
    assert main.get_command(click.Context(main), name) is not None
    patience = re.search(r"--timeout=(\d+)s", options)
    assert patience is not None
    assert int(patience[1]) > TIMEOUT_S, "it must have the time to say why"
