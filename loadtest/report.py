"""What was measured, against what was wanted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Target(Struct, frozen=True, kw_only=True):
    """What a figure should be."""

    value: float
    at_most: bool
    """False: at least."""

    def met(self, value: float) -> bool:
        """Whether the figure meets its target."""
        return value <= self.value if self.at_most else value >= self.value

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {_number(self.value)}"


def at_most(value: float) -> Target:
    """The figure should not be larger."""
    return Target(value=value, at_most=True)


def at_least(value: float) -> Target:
    """The figure should not be smaller."""
    return Target(value=value, at_most=False)


class Figure(Struct, frozen=True, kw_only=True):
    """One figure: a value for each repeat."""

    group: str
    name: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Largest minus smallest, as a part of the median: the machine's noise, if nothing else."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def plain(self) -> dict[str, object]:
        """Make plain values for JSON."""
        return {
            "group": self.group,
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "spread": self.spread,
            "values": self.values,
            "target": None if self.target is None else str(self.target),
            "met": None if self.target is None else self.target.met(self.median),
        }


def table(figures: Sequence[Figure]) -> str:
    """Make the table that people read."""
    rows = [("figure", "median", "unit", "spread", "target", "")]
    group = ""
    for figure in figures:
        if figure.group != group:
            group = figure.group
            rows.append((group, "", "", "", "", ""))
        met = "" if figure.target is None else "met" if figure.target.met(figure.median) else "MISSED"
        target = "" if figure.target is None else str(figure.target)
        spread = f"{figure.spread:.0%}"
        rows.append((f"  {figure.name}", _number(figure.median), figure.unit, spread, target, met))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    aligned = ("<", ">", "<", ">", "<", "<")
    lines = (
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, aligned, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
