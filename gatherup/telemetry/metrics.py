"""Prometheus metrics, read from the plain numbers that the parts of a node count up.

Nothing is counted twice and nothing on a hot path knows of Prometheus. No label holds a room's or user's id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

from msgspec import Struct
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.runtime.counters import Buckets

Number = int | float


class Total(Struct, frozen=True):
    """Something that only grows."""

    name: str
    help: str
    read: Callable[[], Number]


class Level(Struct, frozen=True):
    """Something that goes up and down."""

    name: str
    help: str
    read: Callable[[], Number]


class Totals(Struct, frozen=True):
    """Something that only grows, by a few labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Mapping[tuple[str, ...], Number]]


class Levels(Struct, frozen=True):
    """Something that goes up and down, by a few labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Mapping[tuple[str, ...], Number]]


class Distribution(Struct, frozen=True):
    """How the values of something are spread."""

    name: str
    help: str
    read: Callable[[], Buckets]


class Distributions(Struct, frozen=True):
    """How the values of something are spread, by a few labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Mapping[tuple[str, ...], Buckets]]


Measure = Total | Level | Totals | Levels | Distribution | Distributions


class NodeCollector(Collector):
    """Reads every measure when Prometheus asks."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = tuple(measures)

    def collect(self) -> Iterable[Metric]:
        """The measures as they are now."""
        for measure in self._measures:
            name = f"gatherup_{measure.name}"
            match measure:
                case Total():
                    yield CounterMetricFamily(name, measure.help, value=measure.read())
                case Level():
                    yield GaugeMetricFamily(name, measure.help, value=measure.read())
                case Distribution():
                    buckets = measure.read()
                    yield HistogramMetricFamily(
                        name, measure.help, buckets=_cumulative(buckets), sum_value=buckets.total
                    )
                case Distributions():
                    histogram = HistogramMetricFamily(name, measure.help, labels=measure.labels)
                    for labels, buckets in sorted(measure.read().items(), key=lambda item: item[0]):
                        histogram.add_metric(labels, _cumulative(buckets), buckets.total)
                    yield histogram
                case Totals() | Levels():
                    kind = CounterMetricFamily if isinstance(measure, Totals) else GaugeMetricFamily
                    family = kind(name, measure.help, labels=measure.labels)
                    for labels, value in sorted(measure.read().items()):
                        family.add_metric(labels, value)
                    yield family


def registry_of(measures: Iterable[Measure]) -> CollectorRegistry:
    """A registry of these measures and of the process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(measures))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def _cumulative(buckets: Buckets) -> list[tuple[str, float]]:
    """As Prometheus wants them: each bucket holds those below it too, the last one everything."""
    bounds = [*(str(float(bound)) for bound in buckets.bounds), "+Inf"]
    return list(zip(bounds, accumulate(buckets.counts), strict=True))


def by_code(counter: Counter[int]) -> Mapping[tuple[str, ...], Number]:
    """Counts by a number, as counts by a label."""
    return {(str(code),): count for code, count in counter.items()}
