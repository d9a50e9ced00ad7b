"""What the pages say exists, exists: commands, links, endpoints, metrics, limits, codes and settings."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shlex
import shutil
from itertools import dropwhile
from pathlib import Path
from unittest.mock import MagicMock

import click
import msgspec
import pytest

from gatherup import reference
from gatherup.cli import main
from gatherup.gateway.limits import EVENTS_PATH
from gatherup.telemetry.job_measures import cron_measures, job_measures, sweep_measures, wakeup_measures
from gatherup.telemetry.measures import core_measures, http_measures, owed_measures
from protocol.http.base import Problem
from tests.architecture.test_k8s import EVERY
from tests.declared import endpoints
from tests.markdown import PAGES, ROOT, Block, blocks, prose

GUIDES = ROOT / "docs" / "guides"
TARGETS = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ENDPOINT = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`")


def check_gatherup(arguments: list[str]) -> None:
    """The arguments parse. Nothing is run."""
    name, *rest = arguments
    if name.startswith("-"):
        assert name in {"--help", "--version"}
        return
    context = click.Context(main)
    command = main.get_command(context, name)
    assert command is not None, f"there is no `gatherup {name}`"
    command.make_context(name, rest, parent=context)


def check_curl(arguments: list[str]) -> None:
    """The endpoint is there, and takes this body."""
    given = {
        flag: arguments[arguments.index(flag) + 1] for flag in ("-X", "-d", "--json") if flag in arguments
    }
    url = next(a for a in arguments if a.startswith("http://127.0.0.1:80"))
    body = given.get("--json", given.get("-d"))
    method = given.get("-X", "POST" if body else "GET")
    path = re.sub(
        r"/(?:[A-Z]{3,}|\d+)(?=[/?]|$)", "/<>", url.removeprefix("http://127.0.0.1:8080").partition("?")[0]
    )
    if method == "OPTIONS" or url.startswith(f"http://127.0.0.1:8081{EVENTS_PATH}"):
        return
    there = {re.sub(r"<\w+>", "<>", name): declared for name, (_, declared) in endpoints().items()}
    declared = there[f"{method} {path}"]
    if body is not None:
        assert declared.body is not None
        msgspec.json.decode(body.encode(), type=declared.body)


def check_module(arguments: list[str]) -> None:
    """The module is there, and knows these options."""
    flag, module, *rest = arguments
    assert flag == "-m"
    spec = importlib.util.find_spec(module)
    assert spec is not None, module
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert all(f'"{option}"' in source for option in rest), rest


def check_files(arguments: list[str]) -> None:
    """Files of the checkout that a command names are there."""
    for argument in arguments:
        if argument.startswith(("ops/", "docs/", "tests/")):
            assert (ROOT / argument).exists(), argument


def check_workloads(arguments: list[str]) -> None:
    """What a command calls deployment/NAME or job/NAME is in a manifest."""
    named = {argument for argument in arguments if argument.startswith(("deployment/", "job/"))}
    made = {f"{one['kind'].lower()}/{one['metadata']['name']}" for _, one in EVERY}
    assert named <= made, arguments


def check_command(line: str) -> None:
    words = shlex.split(line, comments=True)
    # Variables for this command alone; which there are is tested elsewhere.
    program, *arguments = dropwhile(re.compile(r"[A-Z_]+=").match, words)
    match program:
        case "make":
            wanted = [a for a in arguments if "=" not in a]
            assert set(wanted) <= TARGETS, line
        case "gatherup" | ".venv/bin/gatherup":
            check_gatherup(arguments)
        case "curl":
            check_curl(arguments)
        case ".venv/bin/python":
            check_module(arguments)
        case "docker" | "cp" | "openssl":
            check_files(arguments)
        case "kubectl":
            check_files(arguments)
            check_workloads(arguments)
        case _:
            raise AssertionError(f"no test knows the command {program!r}")


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_commands_exist(block: Block) -> None:
    for line in block.text.replace("\\\n", "").splitlines():
        if line.strip():
            check_command(line)


@pytest.mark.parametrize(
    "line",
    [
        "make nothing",
        "gatherup nothing",
        "gatherup chat",
        "gatherup serve --nothing",
        "curl http://127.0.0.1:8080/v1/nothing",
        """curl http://127.0.0.1:8080/v1/guest -d '{"name": "Ann"}'""",
        "cp ops/nothing .env",
        ".venv/bin/python -m loadtest.nothing",
        ".venv/bin/python -m loadtest.bench --nothing",
        "kubectl apply -f ops/k8s/nothing.yaml",
        "kubectl rollout status deployment/nothing",
        "rm nothing",
    ],
)
def test_an_invented_command_is_found(line: str) -> None:
    with pytest.raises((AssertionError, KeyError, click.ClickException, msgspec.ValidationError)):
        check_command(line)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    titles = _HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for match in _LINK.finditer(prose(page)):
        target, _, anchor = match["target"].partition("#")
        if "://" in target:
            continue
        file = page if not target else (page.parent / target)
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), match["target"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_nothing_of_one_machine_is_in_it(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(tmp|root|home|work|Users)/", page.read_text(encoding="utf-8"))


def test_the_web_guide_names_no_endpoint_that_is_none() -> None:
    assert set(_ENDPOINT.findall(prose(GUIDES / "web-clients.md"))) <= endpoints().keys()


def test_the_game_backends_guide_names_every_endpoint_for_keys() -> None:
    said = set(_ENDPOINT.findall(prose(GUIDES / "game-backends.md")))
    assert {key for key, (_, declared) in endpoints().items() if declared.scope is not None} <= said
    assert said <= endpoints().keys()


def test_the_operators_guide_names_the_endpoints_of_operations() -> None:
    text = prose(GUIDES / "operators.md")
    for _, declared in endpoints().values():
        assert not declared.unlimited or f"`{declared.path}`" in text, declared.path


def test_the_operators_guide_names_every_metric() -> None:
    said = set(re.findall(r"`(gatherup_\w+)`", prose(GUIDES / "operators.md")))
    node = MagicMock()
    jobs = (*job_measures(node), *wakeup_measures(node), *cron_measures(node), *sweep_measures(node))
    measures = [*core_measures(node), *http_measures(node), *jobs, *owed_measures(node)]
    assert said == {f"gatherup_{measure.name}" for measure in measures}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_are_named_exist(page: Path) -> None:
    known = {leaf.variable for leaf in reference.config.leaves()}
    named = set(re.findall(r"\bGATHERUP_[A-Z_]*[A-Z]\b", prose(page)))
    assert named <= known


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    value = json.loads(block.text)
    if "title" in value:
        problem = msgspec.convert(value, Problem)
        assert problem.title == reference.CODES[problem.code].sentence
        assert problem.status == reference.CODES[problem.code].http_status


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:protocol|actors|storage|gatherup|loadtest|tests|docs|ops)/[^`\s]*)`", prose(page)
    )
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name[:4] for name in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    assert re.findall(r"\]\((\d{4}[^)]*)\)", (folder / "README.md").read_text()) == pages
    for name in pages:
        text = (folder / name).read_text()
        assert text.startswith(f"# {name[:4]}: ")
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Replaces.**"):
            assert part in text, (name, part)


# --- pages that are made ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", reference.pages())
def test_made_pages_are_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == reference.pages()[name], "run: make docs"


def test_a_stale_page_is_made_anew(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "docs" / "limits.md").write_text("stale")
    reference.write(tmp_path / "docs")
    assert (tmp_path / "docs" / "limits.md").read_text(encoding="utf-8") == reference.pages()["limits.md"]


def test_every_limit_is_on_the_page() -> None:
    from actors.runtime import limits as runtime
    from protocol import limits

    page = reference.pages()["limits.md"]
    for module in (limits, runtime):
        names = {name for name in vars(module) if name.isupper()}
        assert {limit.name for limit in reference.limits_of(module)} == names
        for name in names:
            assert f"| `{name.lower()}` | {reference.shown(getattr(module, name))} |" in page
