"""What letters say, and what nobody can make them say."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.ports.jobs import TakenJob
from gatherup.jobs.letters import NOTICE_HOLDS_S, TEXTS, needed, one_line, written
from gatherup.jobs.mail import MailJob, composed, mail_queue
from gatherup.jobs.queue import JobHopelessError, JobOverError, JobUnknownError
from protocol.limits import EMAIL_CODE_LIFETIME_S, RESET_CODE_LIFETIME_S
from storage.postgres.outbox.mail import WITH_CODE, Template

JOB = TakenJob(id=7, queue="mail", arguments={}, attempts=1, created_at=1_700_000_000_000)
SENDER = "GatherUp <no-reply@example.org>"


class Sent(list[str]):
    """A Mailer that remembers what it was given."""

    async def send(self, message: EmailMessage, *, to: str) -> None:
        self.append(message.get_content())


async def stands(code: str) -> bool:
    return code == "c0de"


def arguments(template: Template, to: str = "ann@example.org", **values: str) -> MailJob:
    return MailJob(to=to, template=template, values={name: f"a {name}" for name in needed(template)} | values)


@pytest.mark.parametrize("template", Template)
def test_every_letter_has_its_words_and_says_what_it_takes(template: Template) -> None:
    assert set(TEXTS) == set(Template)
    given_values = arguments(template).values
    text = written(template, given_values, None, caused_at=0)
    assert all(value in text.body for value in given_values.values())
    assert "{" not in text.body + text.subject


def test_a_code_stands_in_the_fragment_of_a_link_or_alone() -> None:
    values = {"handle": "Ann", "code": "c0de"}
    assert "    c0de\n" in written(Template.RESET_PASSWORD, values, None, caused_at=0).body
    link = "https://play.example.org/account/reset-password#code=c0de"
    assert (
        link in written(Template.RESET_PASSWORD, values, "https://play.example.org/account", caused_at=0).body
    )


def test_a_letter_of_another_release_that_lacks_a_value_is_left() -> None:
    with pytest.raises(JobUnknownError, match="lacks code"):
        composed(
            JOB,
            MailJob(to="a@b.c", template=Template.VERIFY_EMAIL, values={"handle": "x"}),
            sender=SENDER,
            links=None,
        )


@given(st.text(max_size=50))
def test_no_value_adds_a_header_or_a_line(value: str) -> None:
    mail_job = arguments(Template.NEW_LOGIN, device=value + "\r\nBcc: all@example.org\r\n\r\nYou won.")
    message = message_from_bytes(
        composed(JOB, mail_job, sender=SENDER, links=None).as_bytes(), policy=policy.default
    )
    assert sorted(message.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )
    lines = message.get_content().splitlines()
    assert not [line for line in lines if line.startswith(("Bcc", "You won"))]
    assert message["Message-ID"] == "<job-7-1700000000000@example.org>"


@given(st.text())
def test_one_line_is_one_printable_line(text: str) -> None:
    assert one_line(text).isprintable()
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "a@b@c",
        "a@b.c\r\nBcc: x@y.z",
        "a@b.c\n",
        "a@b.c,x@y.z",
        "Ann <a@b.c>",
        "<a@b.c>",
        'a"@b.c',
        "a@b.c\0",
        "a b@c.d",
        "x" * 65 + "@b.c",
    ],
)
async def test_what_is_no_single_address_is_a_dead_letter(to: str) -> None:
    row = {"to": to, "template": "locked_out", "values": {"handle": "x"}}
    job = TakenJob(id=1, queue="mail", arguments=row, attempts=1, created_at=0)
    with pytest.raises(JobHopelessError, match="no e-mail address"):
        await mail_queue(Sent(), sender=SENDER, links=None, stands=stands).handle(job)


def letter(template: str, age_s: float) -> TakenJob:
    row = {"to": "a@b.c", "template": template, "values": {"handle": "x", "code": "c0de", "until": "soon"}}
    return TakenJob(id=1, queue="mail", arguments=row, attempts=1, created_at=0, age_s=age_s)


async def test_what_this_release_does_not_know_is_left() -> None:
    with pytest.raises(JobUnknownError, match="no letter"):
        await mail_queue(Sent(), sender=SENDER, links=None, stands=stands).handle(letter("x", 0))


@pytest.mark.parametrize(
    ("template", "holds_s"),
    [
        ("reset_password", RESET_CODE_LIFETIME_S),
        ("verify_email", EMAIL_CODE_LIFETIME_S),
        ("change_email", EMAIL_CODE_LIFETIME_S),
        ("locked_out", 86_400),
        ("account_deleted", 86_400),
        ("password_changed", NOTICE_HOLDS_S),
    ],
)
async def test_a_letter_that_holds_no_longer_is_not_sent(template: str, holds_s: int) -> None:
    sent = Sent()
    handle = mail_queue(sent, sender=SENDER, links=None, stands=stands).handle
    await handle(letter(template, holds_s - 1))
    with pytest.raises(JobOverError, match=f"{template} would come too late"):
        await handle(letter(template, holds_s))
    assert len(sent) == 1


@pytest.mark.parametrize("template", sorted(Template))
async def test_a_code_that_was_used_or_replaced_is_not_sent(template: Template) -> None:
    row = letter(template, 0)
    values = dict.fromkeys(needed(template), "x") | {"code": "replaced"}
    job = replace(row, arguments={**row.arguments, "values": values})
    sent = Sent()
    handle = mail_queue(sent, sender=SENDER, links=None, stands=stands).handle
    if template in WITH_CODE:
        with pytest.raises(JobOverError, match=f"{template} was used or replaced"):
            await handle(job)
    else:
        await handle(job)
    assert len(sent) == (template not in WITH_CODE)


@pytest.mark.parametrize("template", sorted(WITH_CODE))
async def test_a_letter_with_a_code_says_until_when_it_holds(template: Template) -> None:
    assert TEXTS[template].holds_s < NOTICE_HOLDS_S
    values = {"handle": "Ann", "code": "c0de"}
    body = written(template, values, None, caused_at=1_700_000_000_000).body
    until = "2023-11-14 23:13 UTC" if template == Template.RESET_PASSWORD else "2023-11-15 22:13 UTC"
    assert f"It is good until {until}." in body
