"""Regular expressions run on people's texts in few modules, and each is linear, by its form or for a reason."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = "actors/text/words.py"
"""What it may hold is in tests/unit/actors/text/test_search.py."""
OTHERWISE = {
    "re": {
        TEXTS,
        "actors/series/rule.py",  # rules of recurrence, whose length is bounded
        "actors/runtime/draft.py",  # ids of streams, whose form and length are fixed
        "protocol/codec.py",  # wire types that are ids
        "protocol/complaints.py",  # complaints of msgspec, which are short but for the values they quote at their end
        "protocol/garbled.py",  # messages that can't be decoded, with patterns of a fixed length
    },
    # unicodedata.normalize takes the square of the marks in a row.
    "unicodedata": {
        "actors/text/plain.py",  # bounds them
        "actors/text/characters.py",  # asks of one character
        "actors/text/handles.py",  # of a few characters each
        "protocol/canonical.py",  # after it has counted the marks
        "protocol/emoji.py",  # asks of one character
        "protocol/handles.py",  # handles and mentioned names, of a few characters each
    },
}


def imports(source: str) -> set[str]:
    """The modules that a source imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("module", OTHERWISE)
def test_what_may_take_long_is_used_where_its_texts_are_bounded(module: str) -> None:
    using = {
        str(path.relative_to(ROOT))
        for package in ("actors", "protocol")
        for path in (ROOT / package).rglob("*.py")
        if module in imports(path.read_text())
    }
    assert using == OTHERWISE[module]


@pytest.mark.parametrize(
    "source", ["import re", "import re as r", "from re import compile", "def f():\n    import re"]
)
def test_an_import_is_found(source: str) -> None:
    assert imports(source) == {"re"}


# --- regular expressions elsewhere ----------------------------------------------------------------------

# The parser of expressions is the library's own, and has no types.
constants: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
PACKAGES = ("actors", "gatherup", "protocol")
APART = (
    "gatherup/config/",
    "gatherup/chaos/",
    "gatherup/chat/",
    "gatherup/playground/",
    "gatherup/bench/",
    "gatherup/reference.py",
)
"""Settings, and programs of operators and developers: they read what their own user writes."""
WIDTH_MAX = 600
"""Characters that an expression without a loop may look at from one place."""
REVIEWED = {
    # Counted: tests/unit/actors/text/test_search.py.
    r"\w++|\W": "possessive, and each place is passed by one match",
    r"`++": "possessive, and each place is passed by one match",
    r"(?P<run>[\w.+-]++)|[/\\]{2,}+(?P<authority>[^\s/\\?#]*+)": "possessive, and each place is passed by one match",
    # The loop ends at a sign that the expression's own beginning holds: between two beginnings it runs once.
    r" - at `\$\.?(?P<path>[^`]*)`$": "no ` in the loop, and one in what comes before it",
    # Applied with ``match``, so from one place.
    r"Object (?P<how>missing required|contains unknown) field `(?P<name>[^`]*)`": "match: the loop ends at a `",
    r"Expected `(?P<type>[^`]*)`, got `[^`]*`": "match: both loops end at a `",
    r"Expected `(?P<type>[^`]*)` of length (?P<how>[<>]?=?) ?(?P<many>[0-9]+)": "match: the first loop ends at a `",
    r"Expected `[^`]*` (?P<how>[<>]=?) (?P<bound>[-+.0-9e]+)": "match: the first loop ends at a `",
    r"Expected `[^`]*` that's a multiple of (?P<of>[-+.0-9e]+)": "match: the first loop ends at a `",
    r"[A-Z]+ /v1/events[ ?]": "match: the loop is left where a blank must follow, which it can't take",
    r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?\Z": "match: one loop, at the end",
    # Loops that can't take the sign between them cut a text in one way. msgspec looks at the length first.
    r"^[a-z_]+\.[a-z_]+$(?!\n)": "no dot in the loops; at most 64 characters",
    r"^[a-z0-9_]+\.[a-z0-9_]+$(?!\n)": "no dot in the loops; at most 64 characters",
    r"^[!-?A-~]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])$(?!\n)": (
        "no dot in a label, so there is one way to cut a name into labels; at most 254 characters"
    ),
    r"^(https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[!-;=?-\[\]_a-z~%]*)?)?$(?!\n)": (
        "the loop of the host takes neither : nor /, with which the rest begins; at most 500 characters"
    ),
    # Never on what people send.
    r"<(\w+)>": "paths of endpoints",
    r"(?<=[^A-Z]\.) ": "docstrings of endpoints",
}
"""Expressions that aren't linear by their form alone, each with why they are all the same."""
LOCAL = {"protocol/codec.py": "patterns of ids, which are in the list too"}
"""Modules that apply an expression which only a variable names."""
Found = dict[str, str]


def expressions(path: Path) -> Found:
    """The regular expressions of a module, its constraints of types included, each with where it stands."""
    source = path.read_text()
    if "re" not in imports(source) and "pattern=" not in source:
        return {}
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    values = vars(importlib.import_module(name))
    found: Found = {}
    for node in ast.walk(ast.parse(source)):
        for expression in _given(node):
            where = f"{path.relative_to(ROOT)}:{expression.lineno}"
            try:
                value = eval(compile(ast.Expression(expression), where, "eval"), values)  # our own source
            except NameError:
                assert str(path.relative_to(ROOT)) in LOCAL, f"{where}: name the expression in the module"
                continue
            if isinstance(value, str | bytes):
                found[value if isinstance(value, str) else value.decode("latin-1")] = where
    return found


def _given(node: ast.AST) -> list[ast.expr]:
    """The expressions that a call is given, as source."""
    if not isinstance(node, ast.Call):
        return []
    if (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    ):
        return [] if node.func.attr == "escape" else node.args[:1]
    named = getattr(node.func, "id", "")
    return (
        [word.value for word in node.keywords if word.arg == "pattern"]
        if named in {"Meta", "PathPart"}
        else []
    )


def linear(expression: str) -> bool:
    """Whether it looks at each character a bounded number of times, whatever the text, by its form.

    Without an unbounded loop it looks at most at WIDTH_MAX characters from each place. Anchored at the beginning it may
    have one loop, over one character at a time: what follows is tried once for each turn of the loop.
    """
    parsed = parser.parse(expression)
    loops = _loops(parsed, inside=False)
    if loops is None:
        return False
    anchored = bool(parsed) and parsed[0] == (constants.AT, constants.AT_BEGINNING)
    return loops <= 1 if anchored else loops == 0 and parsed.getwidth()[1] <= WIDTH_MAX


def _loops(parsed: Any, *, inside: bool) -> int | None:
    """How many unbounded loops; None for one inside a repeat, or over more than one character."""
    count = 0
    for operation, argument in parsed:
        again = operation in _REPEATS and argument[1] != 1  # ``?`` repeats nothing
        for part in _parts(argument):
            inner = _loops(part, inside=inside or again)
            if inner is None:
                return None
            count += inner
        if operation in _REPEATS and argument[1] is constants.MAXREPEAT:
            if inside or len(argument[2]) != 1 or argument[2][0][0] not in _ONE_CHARACTER:
                return None
            count += 1
    return count


_REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT}
_ONE_CHARACTER = {constants.IN, constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.CATEGORY}


def _parts(argument: Any) -> list[Any]:
    """The expressions in an operation's argument."""
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [part for one in argument for part in _parts(one)]
    return []


@cache
def all_expressions() -> Found:
    found: Found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not str(path.relative_to(ROOT)).startswith(APART):
                found |= expressions(path)
    return found


def test_every_expression_takes_time_that_grows_with_the_text_alone() -> None:
    found = all_expressions()
    assert len(found) > 20
    slow = {one: where for one, where in found.items() if not linear(one) and one not in REVIEWED}
    assert slow == {}, "bound it by its form, or say in REVIEWED why it is linear all the same"
    assert REVIEWED.keys() - found.keys() == set(), "these are gone: take them out of REVIEWED"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"^[^\x00]*$", True),
        (r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$(?!\n)", True),
        (r"[0-9]{1,15}", True),
        (r"^(\w+)*$", False),
        (r"^(a|b)*c", False),
        (r"^\s*\S*x", False),
        (r"\w+@", False),
        (r"^([a-z]+\.)+$", False),
        (r"^(?:a{1,9}b*){2}$", False),
        (r"[a-z]{1,5000}!", False),
    ],
)
def test_what_is_linear_by_its_form(expression: str, expected: bool) -> None:
    assert linear(expression) is expected


def test_the_expressions_of_a_module_are_found() -> None:
    found = expressions(ROOT / "protocol" / "text.py")
    assert r"^[^\x00]*$" in found
    assert all_expressions().keys() >= expressions(ROOT / "gatherup" / "http" / "gate.py").keys()
