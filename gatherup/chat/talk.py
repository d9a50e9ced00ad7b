"""One room as its user talks in it: what is typed is carried out, line after line."""

from __future__ import annotations

from gatherup.chat.names import Names
from gatherup.chat.orders import (
    HELP,
    Ban,
    Help,
    Invite,
    Join,
    Mute,
    NotUnderstoodError,
    Order,
    Post,
    React,
    Reply,
    SetTopic,
    read_order,
    written,
)
from gatherup.chat.recent import Recent
from gatherup.chat.screen import show
from gatherup.client import RefusedError, Room, UnknownOutcomeError


class Talk:
    """Carries out what is typed in one room."""

    def __init__(self, room: Room, names: Names, recent: Recent) -> None:
        self._room = room
        self._names = names
        self._recent = recent

    async def take(self, line: str) -> Join | None:
        """Carry out a line that isn't blank; what goes wrong is shown. An order to go elsewhere is given back."""
        try:
            order = read_order(line)
            if isinstance(order, Join):
                return order
            await self._carry_out(order)
        except NotUnderstoodError as error:
            show(f"! {error}")
        except RefusedError as refused:
            show(f"! {refused.message}")
        except UnknownOutcomeError:
            show("! It isn't known whether this was done.")
        return None

    async def _carry_out(self, order: Order) -> None:
        room = self._room
        match order:
            case Post(body):
                await room.post(body)
            case Reply(name, body, thread):
                message = self._message(name)
                await room.post(body, **({"thread": message} if thread else {"reply_to": message}))
            case React(reaction, name):
                await room.react(self._message(name), reaction)
            case SetTopic(topic):
                await room.change(topic=topic)
            case Invite(name) if name is not None:
                await room.invite(self._user(name))
            case Invite():
                made = await room.create_invite()
                show(f"-- whoever has this comes in by /join {written(room.id, made.code)}")
            case Mute(name, minutes):
                await room.mute(self._user(name), minutes * 60)
            case Ban(name):
                await room.ban(self._user(name))
            case Help():
                for line in HELP.splitlines():
                    show(f"-- {line}")
            case Join():
                raise AssertionError(order)  # not done in this room

    def _user(self, name: str) -> str:
        user = self._names.user(name)
        if user is None:
            raise NotUnderstoodError(f"Nobody here, or more than one, is called {name}.")
        return user

    def _message(self, name: str | None) -> int:
        message = self._recent.last(None if name is None else self._user(name))
        if message is None:
            raise NotUnderstoodError("There is no such message yet.")
        return message
