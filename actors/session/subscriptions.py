"""What one session listens to: how its subscriptions begin, and how they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Raw

from actors.ports.log import LogUnavailableError, ReadAccess
from actors.ports.streams import StreamView
from actors.refusals import refused
from actors.relay import Subscriber, Subscription
from actors.session.resume import Resume, decide, owned
from actors.session.services import SessionServices
from protocol import limits
from protocol.codec import Codec
from protocol.codes import Code
from protocol.frames import Position, Refused, Subscribed
from protocol.inbox import inbox_of

UNAVAILABLE_RETRY_S = 1.0


class Subscriptions:
    """One session's subscriptions, by stream. Each call that begins some runs to its end before the next."""

    __slots__ = ("_by_stream", "_services", "_subscriber")

    def __init__(self, services: SessionServices, subscriber: Subscriber) -> None:
        self._services = services
        self._subscriber = subscriber
        self._by_stream: dict[str, Subscription] = {}

    def live(self, stream: str) -> bool:
        """Whether events of this stream reach the session now."""
        subscription = self._by_stream.get(stream)
        return subscription is not None and subscription.live

    async def begin(
        self, wanted: Sequence[tuple[str, Position | None]], client_id: str | None = None
    ) -> None:
        """Begin to listen to each stream, in order; each is answered ``subscribed`` or ``refused``."""
        admitted: dict[str, Position | None] = {}
        for stream, since in wanted:
            if stream in self._by_stream:
                self._refuse(Code.ALREADY_EXISTS, stream, client_id)
            elif len(self._by_stream) >= limits.SUBSCRIPTIONS_PER_SESSION_MAX:
                self._refuse(Code.TOO_MANY, stream, client_id)
            else:
                # Registered before its read access is read: what is published from here on is not missed.
                self._by_stream[stream] = self._services.relay.register(stream, self._subscriber)
                admitted[stream] = since
        if admitted:
            await self._begin_admitted(admitted, client_id)

    def end(self, stream: str) -> bool:
        """Stop listening; false if the session didn't listen."""
        if (subscription := self._by_stream.pop(stream, None)) is None:
            return False
        self._services.relay.detach(subscription)
        return True

    def end_all(self) -> None:
        """Stop listening to anything."""
        for stream in tuple(self._by_stream):
            self.end(stream)

    def forget(self, stream: str) -> None:
        """Forget a subscription that the relay ended."""
        self._by_stream.pop(stream, None)

    async def _begin_admitted(self, admitted: Mapping[str, Position | None], client_id: str | None) -> None:
        try:
            found = await self._read_access(list(admitted))
        except LogUnavailableError:
            for stream in admitted:
                self._refuse_begun(self._unavailable(stream), client_id)
            return
        for (stream, since), access in zip(admitted.items(), found, strict=True):
            if stream not in self._by_stream:
                continue  # the session ended meanwhile
            await self._begin_one(stream, since, access, client_id)

    async def _read_access(self, streams: Sequence[str]) -> list[ReadAccess]:
        user = self._subscriber.user
        found = await self._services.rights.of(user, streams)
        own = inbox_of(user)
        return [
            owned(access) if stream == own else access for stream, access in zip(streams, found, strict=True)
        ]

    async def _begin_one(
        self, stream: str, since: Position | None, access: ReadAccess, client_id: str | None
    ) -> None:
        """Answer one subscribe. The session may end, and with it this, at every await."""
        view: StreamView | None = None
        try:
            if decide(since, access) is Resume.SNAPSHOT:
                found = await self._services.streams.view(stream, user=self._subscriber.user)
                if isinstance(found, Refused):
                    self._refuse_begun(found, client_id)
                    return
                view = found
                if view.head > access.head:
                    # The view is newer than the right to see it: read the right again.
                    (access,) = await self._read_access([stream])
                if view.head < access.readable_after:
                    # They left and came back meanwhile: what follows the view isn't all theirs to read.
                    self._refuse_begun(self._unavailable(stream), client_id)
                    return
            if decide(since, access) is Resume.REFUSED:
                self._refuse_begun(refused(Code.NOT_FOUND, stream=stream), client_id)
                return
            await self._attach(stream, since, access, view, client_id)
        except LogUnavailableError:
            self._refuse_begun(self._unavailable(stream), client_id)

    async def _attach(
        self,
        stream: str,
        since: Position | None,
        access: ReadAccess,
        view: StreamView | None,
        client_id: str | None,
    ) -> None:
        if (subscription := self._by_stream.get(stream)) is None:
            return  # the session ended meanwhile
        lane = self._subscriber.writer.lane
        if view is not None:
            seq, snapshot = view.head, _snapshot(view, lane.codec)
        else:
            assert since is not None
            seq, snapshot = since.seq, None
        relay = self._services.relay
        others = self._services.presence.roster_state(stream)
        answer = Subscribed(
            client_id=client_id,
            stream=stream,
            incarnation=access.incarnation,
            seq=seq,
            head=access.head,
            snapshot=snapshot,
            present=tuple(others.users),
            present_count=others.count,
        )
        await relay.attach(subscription, after=seq, head=access.head, opening=lane.frame(answer))

    def _unavailable(self, stream: str) -> Refused:
        return refused(Code.UNAVAILABLE, stream=stream, retry_after_s=UNAVAILABLE_RETRY_S)

    def _refuse(self, code: Code, stream: str, client_id: str | None) -> None:
        frame = refused(code, stream=stream, client_id=client_id)
        self._subscriber.writer.write(self._subscriber.writer.lane.frame(frame))

    def _refuse_begun(self, frame: Refused, client_id: str | None) -> None:
        """Answer a subscribe that was registered already, and undo that."""
        assert frame.stream is not None
        if self.end(frame.stream):
            answer = refused(
                frame.code,
                message=frame.message,
                stream=frame.stream,
                client_id=client_id,
                retry_after_s=frame.retry_after_s,
            )
            self._subscriber.writer.write(self._subscriber.writer.lane.frame(answer))


def _snapshot(view: StreamView, codec: Codec) -> Raw:
    """What the view shows, as it stands in a frame of this codec."""
    shown = view.view
    return codec.transcoded(shown) if isinstance(shown, bytes) else codec.raw(shown)
