"""Token buckets by key (a remote address, a user) in a bounded table."""

from __future__ import annotations

from collections import OrderedDict

from actors.limiting.rate_limit import Rate, TokenBucket
from actors.ports.time import Clock
from gatherup.http.problem import ProblemError
from protocol.codes import Code


class Throttle:
    """A token bucket for each key.

    At most ``keys_max`` keys are remembered; the one unseen longest is forgotten first, which can only be too
    kind to it.
    """

    def __init__(self, clock: Clock, rate: Rate, *, keys_max: int) -> None:
        self._clock = clock
        self._rate = rate
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        """The key seen last stands last."""

    def take(self, key: str) -> float:
        """Take a token: 0 if there was one, else the seconds until there is."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate)
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(self._clock.monotonic())

    def admit(self, *keys: str) -> None:
        """Take a token of each of these keys. Raises ProblemError, ``rate_limited``, if one has none."""
        wait_s = max(map(self.take, keys))
        if wait_s > 0:
            raise ProblemError(Code.RATE_LIMITED, retry_after_s=wait_s)

    def __len__(self) -> int:
        return len(self._buckets)
