"""Letters from their row to an SMTP server, or a folder."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import trio

from actors.ports.jobs import Chosen, TakenJob
from gatherup.clock import SystemClock
from gatherup.config import Mail, Secret
from gatherup.jobs.mail import Mailer, mail_queue
from gatherup.jobs.mailer import mailer_of
from gatherup.jobs.queue import JobFailedError, JobHopelessError, JobNotNowError
from gatherup.jobs.worker import JobWorker
from gatherup.randomness import SystemRandomness
from gatherup.wakeup import Wakeup
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.outbox.jobs import Jobs
from storage.postgres.outbox.mail import Template, queue_mail
from tests.integration.gatherup.jobs.smtp import Sink, sink

HANG_S = 30
JOB = TakenJob(
    id=3,
    queue="mail",
    arguments={"to": "ann@example.org", "template": "locked_out", "values": {"handle": "Änn"}},
    attempts=1,
    created_at=1_700_000_000_000,
)


def settings(server: Sink, **changes: object) -> Mail:
    return Mail(host="127.0.0.1", port=server.port, tls="none", **changes)  # type: ignore[arg-type]


def mailer(mail: Mail) -> Mailer:
    found = mailer_of(mail)
    assert found is not None
    return found


async def stands(code: str) -> bool:
    return True


async def deliver(mail: Mail, job: TakenJob = JOB) -> None:
    with trio.fail_after(HANG_S):
        await mail_queue(
            mailer(mail), sender="GatherUp <no-reply@example.org>", links=None, stands=stands
        ).handle(job)


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)  # type: ignore[return-value]


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with sink() as server:
        await deliver(settings(server))
    ((sender, recipients, content),) = server.letters
    assert sender.startswith("mail FROM:<no-reply@example.org>")
    assert recipients == ["rcpt TO:<ann@example.org>"]
    message = parsed(content)
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Too many wrong passwords"
    assert message.get_content().startswith("Hello Änn,")


@pytest.mark.parametrize(
    ("answers", "error", "says"),
    [
        ({"RCPT": "550 no such user"}, JobHopelessError, "550"),
        ({"RCPT": "450 try later"}, JobFailedError, "450"),
        ({"RCPT": "421 closing"}, JobNotNowError, "421"),
        ({"RCPT": "530 who are you"}, JobNotNowError, "530"),
        ({"RCPT": ""}, JobFailedError, "went away"),
        ({"DATA": "451 busy"}, JobFailedError, "451"),
        ({"DATA": "554 spam"}, JobHopelessError, "554"),
        ({"MAIL": "554 go away"}, JobNotNowError, "554"),
        ({"MAIL": ""}, JobNotNowError, "can't be used"),
        ({"EHLO": "502 no", "HELO": "550 no"}, JobNotNowError, "can't be used"),
        ({"EHLO": "", "HELO": ""}, JobNotNowError, "can't be used"),
    ],
)
async def test_what_the_server_says_decides(
    answers: dict[str, str], error: type[Exception], says: str
) -> None:
    async with sink() as server:
        server.answers = answers
        with pytest.raises(error, match=says):
            await deliver(settings(server))
    assert server.letters == []


async def test_without_tls_where_it_is_asked_for_nothing_is_said() -> None:
    async with sink() as server:
        with pytest.raises(JobNotNowError):
            await deliver(Mail(host="127.0.0.1", port=server.port, user="u", password=Secret("pw")))
        assert not [line for line in server.heard if "AUTH" in line.upper()]
    with pytest.raises(JobNotNowError):  # nobody listens there any more
        await deliver(settings(server))


async def test_a_folder_gets_them_in_development(tmp_path: Path) -> None:
    mail = Mail(outbox=str(tmp_path / "outbox"))
    await deliver(mail)
    await deliver(mail)
    (file,) = (tmp_path / "outbox").iterdir()
    assert parsed(file.read_bytes()).get_content().startswith("Hello Änn,")


@pytest.mark.real
async def test_from_a_transaction_to_the_server_once_it_is_back(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool, sink() as server:
        server.answers = {"DATA": "451 busy"}
        async with lent(pool, transaction=True) as connection:
            await queue_mail(
                connection,
                to="ann@example.org",
                template=Template.VERIFY_EMAIL,
                values={"handle": "Ann", "code": "c0de"},
            )
        jobs = Jobs(pool)
        queue = mail_queue(mailer(settings(server)), sender="no-reply@example.org", links=None, stands=stands)
        worker = JobWorker(jobs, [queue], SystemClock(), SystemRandomness(), Wakeup())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.run)
            with trio.fail_after(HANG_S):
                while not worker.outcomes["mail", "failed"]:
                    await trio.lowlevel.checkpoint()
                server.answers = {}
                async with lent(pool) as connection:
                    await connection.execute("update job set next_attempt_at = now()")
                worker.wakeup.wake()
                while not worker.outcomes["mail", "done"]:
                    await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert await jobs.counts() == {}
    assert "    c0de" in parsed(server.letters[0][2]).get_content()


@pytest.mark.real
async def test_after_a_long_outage_only_what_still_holds_is_sent(postgres_dsn: str) -> None:
    """A password's code is over after two hours; that the password was changed is still so."""
    async with Pool(postgres_dsn, autocommit=True) as pool, sink() as server:
        for template in (Template.RESET_PASSWORD, Template.PASSWORD_CHANGED):
            async with lent(pool, transaction=True) as connection:
                values = {"handle": "Ann", "code": "c0de"}
                await queue_mail(connection, to="ann@example.org", template=template, values=values)
        async with lent(pool) as connection:
            await connection.execute(
                "update job set created_at = now() - interval '2 hours', dead_at = now(), attempts = 10"
            )
        jobs = Jobs(pool)
        assert await jobs.retry(Chosen(queue="mail")) == 2
        queue = mail_queue(mailer(settings(server)), sender="no-reply@example.org", links=None, stands=stands)
        worker = JobWorker(jobs, [queue], SystemClock(), SystemRandomness(), Wakeup())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.run)
            with trio.fail_after(HANG_S):
                while await jobs.counts():
                    await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert worker.outcomes == {("mail", "done"): 1, ("mail", "over"): 1}
    assert ["new password" in parsed(content).get_content() for _, _, content in server.letters] == [True]


def test_without_a_server_or_a_folder_a_node_leaves_letters_alone() -> None:
    assert mailer_of(Mail()) is None
