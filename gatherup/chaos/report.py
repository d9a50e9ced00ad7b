"""What a run came to, as text and as one HTML page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Final

from msgspec import Struct

from gatherup.chaos.figures import Spread, Times
from gatherup.chaos.judge import Verdict

SHOWN_MAX: Final = 50
"""Broken promises that a report spells out."""
_WIDTH: Final = 1000.0
_ROW: Final = 26.0
_CHART: Final = 120.0
_LEFT: Final = 130.0
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; } td, th { padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; } .held { color: #17692b; } .broken { color: #b00020; }
svg { width: 100%; height: auto; background: #fafafa; } text { font: 12px system-ui, sans-serif; }
"""


class Report(Struct, kw_only=True):
    """A judged run."""

    title: str
    seed: int
    nodes: tuple[str, ...]
    seconds: float
    log_read: bool
    """Whether it was held against the log; else only against what clients saw."""
    verdict: Verdict
    times: Times


def text(report: Report) -> str:
    """The report for a terminal."""
    lines = [f"{report.title}: {_sentence(report)}", ""]
    lines += [f"  {name:<46}{value:>12}" for name, value in _counts(report)]
    lines += ["", f"  {'seconds':<46}{'count':>8}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"]
    for name, times in _spreads(report.times):
        lines.append(f"  {name:<46}{_cells(times)}")
    lines += ["", f"  {len(report.times.faults)} faults"]
    lines += [f"    {fault.at:8.1f}  {fault.what} {fault.node}" for fault in report.times.faults]
    for broken in report.verdict.broken[:SHOWN_MAX]:
        lines.append(f"  BROKEN {broken.at:8.3f} s ({broken.harm}) {broken.what}")
    return "\n".join(lines) + "\n"


def html(report: Report) -> str:
    """The report as one page, its picture included."""
    state = "held" if report.verdict.held else "broken"
    counts = "".join(f"<tr><td>{escape(n)}</td><td>{escape(v)}</td></tr>" for n, v in _counts(report))
    heads = "".join(f"<th>{head}</th>" for head in ("seconds", "count", "p50", "p99", "p99.9", "max"))
    spreads = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{cell}</td>' for cell in _values(times))}</tr>"
        for name, times in _spreads(report.times)
    )
    broken = "".join(
        f"<li>{b.at:.3f} s, {escape(b.harm)}: {escape(b.what)}</li>"
        for b in report.verdict.broken[:SHOWN_MAX]
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(report.title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(report.title)}</h1>"
        f'<p class="{state}"><strong>{escape(_sentence(report))}</strong></p>'
        f"{_timeline(report)}<h2>Counts</h2><table>{counts}</table>"
        f"<h2>Times as clients saw them</h2><table><tr>{heads}</tr>{spreads}</table>"
        + (f"<h2>Broken promises</h2><ol>{broken}</ol>" if broken else "")
        + "</html>\n"
    )


def _sentence(report: Report) -> str:
    against = "the log" if report.log_read else "one another's clients, without the log"
    how = f"{report.seconds:.0f} s, {len(report.nodes)} nodes, seed {report.seed}, held against {against}"
    if report.verdict.held:
        return f"every promise held ({how})"
    return f"{sum(report.verdict.harms.values())} broken promises ({how})"


def _counts(report: Report) -> list[tuple[str, str]]:
    v = report.verdict
    harms = [(f"{harm}", v.harms.get(harm, 0)) for harm in ("lost", "doubled", "reordered")]
    numbers = [
        ("commands", v.commands),
        ("accepted", v.accepted),
        ("refused", v.refused),
        ("unknown to their senders at the end", v.unknown),
        ("of these took effect", v.took_effect),
        *harms,
        ("delivered after a revocation", v.harms.get("revoked", 0)),
        ("otherwise untrue", v.harms.get("untrue", 0)),
        ("events delivered", v.deliveries),
        ("revocations", v.revocations),
        ("sessions", v.connections),
        ("resumed without a gap", v.replays),
        ("snapshots", v.snapshots),
    ]
    return [(name, f"{number:,}") for name, number in numbers]


def _spreads(times: Times) -> list[tuple[str, Spread | None]]:
    return [
        ("posts, sent to accepted", times.posts),
        ("fail-over, clients of surviving nodes", times.surviving),
        ("fail-over, clients of the killed node", times.dying),
        ("owner frozen, clients of other nodes", times.frozen),
        ("posts to rooms that were handed over", times.handover),
    ]


def _values(times: Spread | None) -> list[str]:
    if times is None:
        return ["0", "-", "-", "-", "-"]
    return [str(times.count), *(f"{value:.3f}" for value in (times.p50, times.p99, times.p999, times.max))]


def _cells(times: Spread | None) -> str:
    first, *rest = _values(times)
    return f"{first:>8}" + "".join(f"{value:>9}" for value in rest)


def _timeline(report: Report) -> str:
    """Faults by node, posts accepted in each second and the slowest of them, broken promises in red."""
    rows = [*report.nodes, "servers"]
    height = _ROW * len(rows) + 2 * _CHART + 40
    scale = (_WIDTH - _LEFT - 10) / max(report.seconds, 1.0)

    def x(seconds: float) -> float:
        return _LEFT + seconds * scale

    parts: list[str] = []
    for index, name in enumerate(rows):
        y = index * _ROW
        parts.append(f'<text x="4" y="{y + 17:.0f}">{escape(name)}</text>')
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y + _ROW:.0f}" y2="{y + _ROW:.0f}" stroke="#ddd"/>'
        )
    for fault in report.times.faults:
        y = rows.index(fault.node if fault.node in rows else "servers") * _ROW
        width = max(3.0, ((fault.until or fault.at) - fault.at) * scale)
        said = escape(f"{fault.at:.1f} s: {fault.what}")
        parts.append(
            f'<rect x="{x(fault.at):.1f}" y="{y + 4:.0f}" width="{width:.1f}" height="{_ROW - 8:.0f}" '
            f'fill="#d98e04"><title>{said}</title></rect>'
        )
    top = _ROW * len(rows)
    seconds = report.times.timeline
    posts = [(x(second), float(count)) for second, count, _ in seconds]
    slowest = [(x(second), slow) for second, _, slow in seconds]
    parts.append(_bars("posts a second", posts, top, scale, "#3b6ea5"))
    parts.append(_bars("slowest, s", slowest, top + _CHART, scale, "#7a4ea3"))
    for broken in report.verdict.broken:
        at = x(min(broken.at, report.seconds))
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height - 30:.0f}" stroke="#b00020">'
            f"<title>{escape(broken.what)}</title></line>"
        )
    ticks = range(0, int(report.seconds) + 1, max(1, int(report.seconds / 10)))
    parts += [f'<text x="{x(tick):.1f}" y="{height - 8:.0f}">{tick} s</text>' for tick in ticks]
    return f'<svg viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _bars(name: str, values: list[tuple[float, float]], top: float, scale: float, colour: str) -> str:
    """One chart below ``top``, its largest value written beside it."""
    highest = max((value for _, value in values), default=0.0) or 1.0
    room = _CHART - 20
    label = (
        f'<text x="4" y="{top + 30:.0f}">{escape(name)}</text>'
        f'<text x="4" y="{top + 46:.0f}">max {highest:.3g}</text>'
    )
    bars = [
        f'<rect x="{x:.1f}" y="{top + _CHART - value / highest * room:.1f}" width="{max(scale, 0.8):.2f}" '
        f'height="{value / highest * room:.1f}" fill="{colour}"/>'
        for x, value in values
    ]
    return label + "".join(bars)
