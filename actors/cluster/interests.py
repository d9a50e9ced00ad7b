"""Who wants to hear which streams: this node's wishes, and those of the peers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from actors.ports.cluster_view import shard_of
from actors.ports.log import Fence


class Wishes:
    """Streams with subscribers on this node, by shard."""

    def __init__(self) -> None:
        self._by_shard: dict[int, dict[str, None]] = {}
        self._declined: dict[str, None] = {}

    def __contains__(self, stream: str) -> bool:
        return stream in self._by_shard.get(shard_of(stream), ())

    def add(self, stream: str) -> None:
        """There is a first subscriber."""
        self._by_shard.setdefault(shard_of(stream), {})[stream] = None

    def remove(self, stream: str) -> None:
        """There is none any more."""
        number = shard_of(stream)
        streams = self._by_shard.get(number, {})
        streams.pop(stream, None)
        if not streams:
            self._by_shard.pop(number, None)
        self._declined.pop(stream, None)

    def within(self, shards: Iterable[int]) -> list[str]:
        """The streams of these shards."""
        return [stream for number in shards for stream in self._by_shard.get(number, ())]

    def decline(self, streams: Iterable[str]) -> None:
        """Somebody who was asked doesn't own these: ask again later."""
        self._declined.update((stream, None) for stream in streams if stream in self)

    def take_declined(self) -> list[str]:
        """Those to ask for again."""
        declined, self._declined = self._declined, {}
        return list(declined)


class Listeners:
    """Which peers' runs want this node's streams, and by which version of the view they thought so."""

    def __init__(self) -> None:
        self._by_stream: dict[str, dict[Fence, int]] = {}
        self._by_run: dict[Fence, dict[str, None]] = {}

    def __len__(self) -> int:
        return sum(len(streams) for streams in self._by_run.values())

    def of(self, stream: str) -> Sequence[Fence]:
        """The runs of the peers that get what this stream publishes."""
        return tuple(self._by_stream.get(stream, ()))

    def within(self, shards: Collection[int]) -> Sequence[str]:
        """The streams of these shards that anybody wants."""
        return [stream for stream in self._by_stream if shard_of(stream) in shards]

    def add(self, run: Fence, stream: str, version: int) -> None:
        """Note that a peer's run wants a stream."""
        self._by_stream.setdefault(stream, {})[run] = version
        self._by_run.setdefault(run, {})[stream] = None

    def remove(self, run: Fence, stream: str) -> None:
        """Note that a peer's run wants a stream no longer."""
        runs = self._by_stream.get(stream, {})
        runs.pop(run, None)
        if not runs:
            self._by_stream.pop(stream, None)
        streams = self._by_run.get(run, {})
        streams.pop(stream, None)
        if not streams:
            self._by_run.pop(run, None)

    def forget(self, run: Fence) -> None:
        """A run is over."""
        for stream in tuple(self._by_run.get(run, ())):
            self.remove(run, stream)

    def lose(self, lost: Callable[[int], bool], version: int) -> None:
        """Forget who listens in shards that this node lost by this version of the view.

        A peer that registered by a newer version already knew of a later change, and stays.
        """
        for stream in [stream for stream in self._by_stream if lost(shard_of(stream))]:
            for run, known in tuple(self._by_stream[stream].items()):
                if known <= version:
                    self.remove(run, stream)
