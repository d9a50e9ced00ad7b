"""A counter against a recount, whatever the order in which events, reads and counts reach it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import EVERYONE
from actors.session import unread_counter as counter_module
from actors.session.unread_counter import UnreadCounter
from protocol import limits
from protocol.event import Header
from protocol.frames import RoomHead

ROOM = "room:" + "1" * 32
ME, BEN = "user:" + "a" * 32, "user:" + "b" * 32
UNREAD_MAX, LATER_MAX = 5, 3


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNREAD_MAX", UNREAD_MAX)
    monkeypatch.setattr(counter_module, "LATER_MAX", LATER_MAX)


class Model:
    """The room as the storage has it, and everything on its way to a counter."""

    def __init__(self) -> None:
        self.log: list[Header] = []
        self.read = 0
        self.counter = UnreadCounter()
        self.told = 0
        """Events that reached the counter, or were lost on the way."""
        self.waiting = 0
        """A mark made here that isn't kept yet."""
        self.signals: list[int] = []
        """Read positions that were kept, on their way."""
        self.asking = False
        self.found: RoomHead | None = None

    # --- what happens in the room ---

    def happen(self, type_: str, author: str = BEN, **more: Any) -> None:
        header = Header(stream=ROOM, seq=len(self.log) + 1, at=1, author=author, type=type_, **more)
        self.log.append(header)

    @property
    def number(self) -> int:
        return sum(header.type == "room.posted" for header in self.log)

    def post(self, author: str, mark: str | None) -> None:
        more: dict[str, Any] = {"mentions": (BEN, ME)} if mark == "me" else {"everyone": True} if mark else {}
        self.happen("room.posted", author, marks={"number": self.number + 1, **more})

    def delete(self, which: int) -> None:
        gone = {header.marks["message"] for header in self.log if header.type == "room.deleted"}
        there = [h for h in self.log if h.type == "room.posted" and h.seq not in gone]
        if there:
            message = there[which % len(there)]
            marks = {"message": message.seq, "number": message.marks["number"], "author": message.author}
            self.happen("room.deleted", marks=marks, erases=(message.seq,))

    # --- what the storage finds ---

    def count(self, seq: int | None = None, read: int | None = None) -> RoomHead:
        log = self.log if seq is None else self.log[:seq]
        read = self.read if read is None else read
        gone = {header.marks["message"] for header in log if header.type == "room.deleted"}
        posted = [header for header in log if header.type == "room.posted"]
        unread = [
            h for h in posted if int(str(h.marks["number"])) > read and h.author != ME and h.seq not in gone
        ]
        mine = [h for h in unread if "everyone" in h.marks or "mentions" in h.marks]
        return RoomHead(
            room=ROOM,
            seq=len(log),
            number=len(posted),
            read=read,
            unread=min(UNREAD_MAX, len(unread)),
            mentions=min(UNREAD_MAX, len(mine)),
        )

    # --- what reaches the counter ---

    def tell(self, *, lost: bool = False) -> None:
        if self.told < len(self.log):
            self.told += 1
            if not lost:
                self.counter.happened(self.log[self.told - 1], ME)

    def read_up_to(self, number: int, *, here: bool) -> None:
        if here:  # whatever the client said: the storage knows the last message
            self.waiting = max(self.waiting, number)
            self.counter.was_read(number)
        else:
            self.keep(number)

    def keep(self, number: int) -> None:
        number = min(number, self.number)
        if number > self.read:
            self.read = number
            self.signals.append(number)

    def flush(self) -> None:
        self.keep(self.waiting)
        self.waiting = 0

    def signal(self) -> None:
        if self.signals:
            self.counter.was_read(self.signals.pop(0))

    def ask(self) -> None:
        if not self.asking and not self.counter.exact:
            self.counter.asked()
            self.asking, self.found = True, None

    def find(self) -> None:
        if self.asking and self.found is None:
            self.found = self.count(read=max(self.read, min(self.waiting, self.number)))

    def answer(self) -> None:
        if self.found is not None:
            self.counter.counted(self.found, ME)
            self.asking, self.found = False, None

    def check(self) -> None:
        """Whenever it says that it is exact, it is what a count would have found there."""
        if self.counter.exact:
            assert self.counter.head(ROOM) == self.count(self.counter.seq, self.counter.read)

    def settle(self) -> None:
        """Everything arrives, and what isn't exact is counted, as often as it takes."""
        while self.told < len(self.log):
            self.tell()
        self.flush()
        while self.signals:
            self.signal()
        for _ in range(3):
            for step in (self.ask, self.find, self.answer):
                step()
                self.check()


WHAT = {"post": 6, "delete": 2, "other": 1, "read_here": 1, "read_elsewhere": 1}
ON_ITS_WAY = {"tell": 8, "lose": 1, "flush": 2, "signal": 2, "ask": 3, "find": 3, "answer": 3}
STEPS = [name for name, weight in (WHAT | ON_ITS_WAY).items() for _ in range(weight)]
steps = st.tuples(
    st.sampled_from(STEPS),
    st.integers(0, 12),
    st.sampled_from([ME, BEN]),
    st.sampled_from([None, None, "me", "all"]),
)
Step = tuple[str, int, str, str | None]


def take(model: Model, step: Step) -> None:
    name, number, author, mark = step
    match name:
        case "post":
            model.post(author, mark)
        case "delete":
            model.delete(number)
        case "other":
            model.happen("room.reacted")
        case "read_here" | "read_elsewhere":
            model.read_up_to(number, here=name == "read_here")
        case "lose":
            model.tell(lost=True)
        case _:
            getattr(model, name)()


@settings(max_examples=300)
@given(st.lists(steps, min_size=10, max_size=80))
def test_it_is_exact_after_any_interleaving(taken: list[Step]) -> None:
    model = Model()
    for step in taken:
        take(model, step)
        model.check()
    while model.told < len(model.log):
        model.tell()
    model.happen("room.joined")  # what was lost is noticed by the next event
    model.settle()
    assert model.counter.exact
    assert model.counter.head(ROOM) == model.count()


def counted(*, posts: int = 0, unread: int = 0, **more: Any) -> UnreadCounter:
    counter = UnreadCounter()
    counter.asked()
    head = RoomHead(room=ROOM, seq=10, number=posts, read=posts - unread, unread=unread, mentions=0)
    counter.counted(head, ME)
    assert counter.exact
    return counter


@pytest.mark.parametrize("revoked", [ME, EVERYONE])
def test_whoever_loses_the_right_is_gone(revoked: str) -> None:
    counter = counted()
    counter.happened(Header(stream=ROOM, seq=11, at=1, author=BEN, type="room.kicked", revokes=(BEN,)), ME)
    assert not counter.gone
    counter.happened(
        Header(stream=ROOM, seq=12, at=1, author=BEN, type="room.kicked", revokes=(revoked,)), ME
    )
    assert counter.gone


def test_a_kick_that_the_count_knows_of_already_ends_nothing() -> None:
    counter = UnreadCounter()
    counter.asked()
    counter.happened(Header(stream=ROOM, seq=9, at=1, author=BEN, type="room.kicked", revokes=(ME,)), ME)
    counter.counted(RoomHead(room=ROOM, seq=10, number=0, read=0, unread=0, mentions=0), ME)
    assert (counter.exact, counter.gone) == (True, False)


def test_the_end_of_an_account_may_erase_unread_messages() -> None:
    erased = Header(stream=ROOM, seq=11, at=1, author=BEN, type="room.user_erased", erases=(3,))
    nothing_new, something_new = counted(posts=3), counted(posts=3, unread=1)
    for counter in (nothing_new, something_new):
        counter.happened(erased, ME)
    assert nothing_new.exact
    assert not something_new.exact


@pytest.mark.parametrize("unread", [1, UNREAD_MAX])
def test_a_deleted_message_may_not_be_one_of_those_that_were_counted(unread: int) -> None:
    """There may be more than are counted, and one that came before the user could read the room never was."""
    counter = counted(posts=9, unread=unread)
    marks: dict[str, Any] = {"message": 9, "number": 9, "author": BEN}
    deleted = Header(stream=ROOM, seq=11, at=1, author=BEN, type="room.deleted", erases=(9,), marks=marks)
    counter.happened(deleted, ME)
    assert not counter.exact


def test_what_was_not_unread_is_deleted_without_a_count() -> None:
    counter = counted(posts=5, unread=2)
    for seq, (author, number) in enumerate(((BEN, 3), (ME, 4)), start=11):
        marks: dict[str, Any] = {"message": number, "number": number, "author": author}
        deleted = Header(
            stream=ROOM, seq=seq, at=1, author=BEN, type="room.deleted", erases=(number,), marks=marks
        )
        counter.happened(deleted, ME)
    assert (counter.exact, counter.seq, counter.unread) == (True, 12, 2)


def test_who_marks_more_than_there_is_hears_of_what_comes() -> None:
    counter = UnreadCounter()
    counter.was_read(limits.SEQ_MAX)
    counter.asked()
    counter.was_read(6)  # it was kept as this, after the count looked
    counter.counted(RoomHead(room=ROOM, seq=10, number=5, read=5, unread=0, mentions=0), ME)
    assert not counter.exact


def test_how_far_the_other_has_read_never_goes_back() -> None:
    counter = counted(posts=5)
    assert counter.peer_read is None
    for told, stands in ((3, 3), (2, 3), (5, 5)):
        counter.peer_has_read(told)
        assert counter.peer_read == stands
