"""The desk with a channel of the test's own: who may ask, how much, and that each message is answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from answering.acts import Acts
from answering.answer import Answer, Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from bot.access import Access
from bot.commands import Commands
from bot.contacts import Contact
from bot.conversation import Conversation
from bot.desk import Desk, Limits
from bot.inbox import Inbox
from bot.message import Message, Undeliverable
from bot.place import Place
from bot.privacy.keeping import Keeping
from bot.privacy.notices import Notices
from bot.records import Records
from bot.stores import Stores
from bot.votes import Votes
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

_REFUND = "企点开通几天内可以无条件退款？"


class Shown:
    """A `Reply` that writes down what it is told to show; `finish` fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.begun = 0
        self.said: list[str] = []
        self.answers: list[Answer] = []
        self.records: list[str | None] = []
        self._failures = failures
        self.handle = ""
        self.ended = asyncio.Event()

    async def begin(self) -> None:
        self.begun += 1
        self.handle = "placeholder"

    async def grow(self, answer: Answer) -> None:
        pass

    async def finish(self, answer: Answer, record: str | None) -> None:
        if self._failures:
            self._failures -= 1
            raise ConnectionError
        self.answers.append(answer)
        self.records.append(record)
        self.ended.set()

    async def say(self, text: str, *, quoting: bool = False, calling: Contact | None = None) -> None:
        self.said.append(text)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'desk.db'}"


@pytest.fixture
def access(url: str) -> Iterator[Access]:
    access = Access(url, [("telegram", "1")])
    access.allow("telegram", "chat", "-100", by="1")
    yield access
    access.close()


@pytest.fixture
def inbox(url: str) -> Iterator[Inbox]:
    inbox = Inbox(url)
    yield inbox
    inbox.close()


@pytest.fixture
def make_desk(shipped: Library, shipped_index: Index, url: str, access: Access, inbox: Inbox) -> Iterator[Callable[..., Desk]]:
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    answerer = Answerer(shipped, search, Confidence.load(), Acts.load())
    records, votes = Records(url), Votes(url)
    stores = Stores(inbox, access, records, votes, Notices(url), Keeping(url, 180))
    commands = Commands(stores, lambda: shipped, search.find)

    def converse(place: Place, agreements: Sequence[str]) -> Conversation:
        return Conversation(answerer, records, place, agreements, library=shipped)

    yield lambda limits=Limits(asker_minute=1000): Desk(converse, commands, stores, limits)  # noqa: B008
    records.close()
    votes.close()


def _message(id_: str, text: str = _REFUND, *, chat: str = "-100", asker: str = "7", private: bool = False) -> Message:
    return Message(Place("telegram", chat, "", asker), id_, text, private=private)


def _run(coroutine: Coroutine[Any, Any, Any]) -> None:
    asyncio.run(coroutine)


def test_a_message_is_answered_kept_and_crossed_out(make_desk: Callable[..., Desk], inbox: Inbox) -> None:
    shown = Shown()
    _run(make_desk().take(_message("1"), shown))
    assert [answer.status for answer in shown.answers] == [Status.ANSWERED]
    assert (shown.begun, shown.said) == (1, [])
    assert shown.records[0]
    assert not inbox.holds(_message("1"))


def test_a_message_that_comes_twice_is_answered_once(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()

    async def twice() -> None:
        desk = make_desk()
        await asyncio.gather(*(desk.take(_message("1"), shown) for _ in range(3)))
        await desk.take(_message("1"), shown)

    _run(twice())
    assert len(shown.answers) == 1


def test_who_may_not_ask_is_told_once_and_not_answered(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()

    async def ask() -> None:
        desk = make_desk()
        for at in range(3):
            await desk.take(_message(str(at), chat="-200"), shown)

    _run(ask())
    assert shown.answers == []
    (told,) = shown.said
    assert "-200" in told


def test_a_chat_asks_only_about_the_agreements_it_may(make_desk: Callable[..., Desk], access: Access) -> None:
    access.allow("telegram", "chat", "-300", ["lexiang"], by="1")
    shown = Shown()
    _run(make_desk().take(_message("1", "打官司去哪", chat="-300"), shown))
    assert {citation.clause.agreement for citation in shown.answers[0].citations} == {"lexiang"}


def test_too_many_questions_are_told_so_once_and_the_others_answered(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()

    async def ask() -> None:
        desk = make_desk(Limits(asker_minute=2))
        for at in range(5):
            await desk.take(_message(str(at)), shown)

    _run(ask())
    assert len(shown.answers) == 2
    assert len(shown.said) == 1


def test_of_too_many_at_once_the_first_are_answered(make_desk: Callable[..., Desk]) -> None:
    shown = [Shown() for _ in range(6)]

    async def ask() -> None:
        desk = make_desk(Limits(asker_minute=2))
        await asyncio.gather(*(desk.take(_message(str(at)), each) for at, each in enumerate(shown)))

    _run(ask())
    assert sum(len(each.answers) for each in shown) == 2
    assert sum(len(each.said) for each in shown) == 1


def test_fifty_at_once_in_one_chat_get_fifty_answers(make_desk: Callable[..., Desk]) -> None:
    shown = [Shown() for _ in range(50)]

    async def ask() -> None:
        desk = make_desk()
        await asyncio.gather(*(desk.take(_message(str(at), asker=str(at % 9)), each) for at, each in enumerate(shown)))

    _run(ask())
    assert [len(each.answers) for each in shown] == [1] * 50


def test_a_question_that_cannot_be_taken_is_told_why(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()
    _run(make_desk().take(_message("1", "好" * 2000), shown))
    assert shown.answers == []
    assert "2000 个字" in shown.said[0]


def test_an_answer_that_cannot_be_delivered_is_apologised_for_without_words_in_the_log(
    make_desk: Callable[..., Desk], inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    shown = Shown(failures=1)
    _run(make_desk().take(_message("1"), shown))
    assert "再问一次" in shown.said[0]
    assert "ConnectionError" in caplog.text
    assert "退款" not in caplog.text
    assert not inbox.holds(_message("1"))


def test_a_closed_desk_takes_nothing_more_and_leaves_it_to_others(make_desk: Callable[..., Desk], inbox: Inbox) -> None:
    shown = Shown()

    async def close() -> None:
        desk = make_desk()
        await desk.close(1)
        await desk.take(_message("1"), shown)

    _run(close())
    assert shown.answers == []
    assert inbox.claim(_message("1"))


def test_a_question_that_is_too_long_is_told_so_in_the_asker_s_language(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()
    _run(make_desk().take(_message("1", "Can we get our money back? " * 100), shown))
    assert shown.said == ["This could not be answered: the question has 2699 characters, 1000 at most; please keep only the point."]


def test_commands_are_told_and_ask_questions_and_are_taken_once(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()

    async def ask() -> None:
        desk = make_desk()
        for at, text in enumerate(["/ask 企点开通几天内可以无条件退款？", "/clause 乐享 4.6.1", "/search 发票", "/帮助", "/ask", "/allow"]):
            await desk.take(_message(str(at), text), shown)
        await desk.take(_message("2", "/search 发票"), shown)

    _run(ask())
    assert [answer.citations[0].clause.id for answer in shown.answers] == ["4.7", "4.6.1"]
    found, helped, usage, refused = shown.said
    assert "发票" in found
    assert "/whoami" in helped
    assert usage.startswith("问一个问题")
    assert "管理员" in refused


def test_a_mention_alone_asks_what_it_quotes_and_never_obeys_it(make_desk: Callable[..., Desk], access: Access) -> None:
    """An administrator who answers a stranger's message with the bot's name gives none of the stranger's orders."""
    shown = Shown()

    async def ask() -> None:
        desk = make_desk()
        for at, quoted in enumerate([_REFUND, "/allow chat:-999", "\t /／ /allow chat:-999", ""]):
            message = Message(Place("telegram", "-100", "", "1"), str(at), "", quoted)
            await desk.take(message, shown)

    _run(ask())
    assert access.may_ask(Place("telegram", "-999", "", "7"), False) is None
    assert shown.answers[0].citations[0].clause.id == "4.7"
    assert len(shown.answers) == 3
    assert "/whoami" in shown.said[-1]


def test_what_a_process_left_is_ended_by_the_next_where_it_began(make_desk: Callable[..., Desk], url: str) -> None:
    gone = Inbox(url)
    gone.claim(_message("1"))
    gone.shown(_message("1"), "77")
    gone.leave()
    gone.close()
    given: list[tuple[str, str]] = []

    async def resume() -> None:
        desk, reply = make_desk(), Shown()

        def reply_to(message: Message) -> Shown:
            given.append((message.id, message.handle))
            return reply

        watching = asyncio.create_task(desk.watch(reply_to, "telegram"))
        await reply.ended.wait()
        watching.cancel()
        await desk.close(5)

    _run(asyncio.wait_for(resume(), 20))
    assert given == [("1", "77")]


def test_a_chat_that_takes_nothing_more_is_not_talked_to(
    make_desk: Callable[..., Desk], inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone(Shown):
        async def finish(self, answer: Answer, record: str | None) -> None:
            raise Undeliverable("Forbidden: bot was kicked")

    shown = Gone()
    _run(make_desk().take(_message("1"), shown))
    assert shown.said == []
    assert not inbox.holds(_message("1"))
    assert "ERROR" not in caplog.text


def test_a_desk_that_is_closed_in_the_middle_leaves_the_question_to_the_next(
    make_desk: Callable[..., Desk], url: str, inbox: Inbox
) -> None:
    class Slow(Shown):
        async def finish(self, answer: Answer, record: str | None) -> None:
            self.ended.set()
            await asyncio.sleep(60)

    async def close() -> None:
        desk, slow = make_desk(), Slow()
        taking = asyncio.create_task(desk.take(_message("1"), slow))
        await slow.ended.wait()
        await desk.close(0.2)
        assert taking.done()

    _run(close())
    heir = Inbox(url)
    assert [message.id for message in heir.left("telegram")] == ["1"]
    heir.close()
