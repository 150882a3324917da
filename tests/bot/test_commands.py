"""What commands do, in every channel alike; and what buttons lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from answering.acts import Acts
from answering.answer import Language
from answering.answerer import Answerer
from answering.confidence import Confidence
from bot.access import Access
from bot.commands import Command, Commands, Find, command_in, language_for, question_in
from bot.conversation import Conversation
from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from bot.presses import Press, Presses, Voted, choice_data, question_data, reason_data, vote_data
from bot.privacy.keeping import Keeping
from bot.privacy.notices import Notices
from bot.records import Records
from bot.stores import Stores
from bot.votes import Counts, Votes
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

_ANN = Place("wecom", "group", "", "ann")


@dataclass
class _Bot:
    stores: Stores
    commands: Commands
    presses: Presses
    answerer: Answerer
    library: Library
    find: Find

    def ask(self, question: str, place: Place = _ANN, agreements: Sequence[str] = ()) -> str:
        """Ask a question; the id of the record of its answer."""
        conversation = Conversation(self.answerer, self.stores.records, place, agreements, library=self.library)
        conversation.ask(question)
        assert conversation.record
        return conversation.record

    def run(self, text: str, place: Place = _ANN, *, private: bool = False, locale: str = "") -> str:
        command = command_in(text)
        assert command is not None
        return self.commands.run(command, Message(place, "1", text, private=private, locale=locale)).text


@pytest.fixture
def bot(shipped: Library, shipped_index: Index, tmp_path: Path) -> Iterator[_Bot]:
    """In a group that may ask about everything; `boss` is an administrator."""
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    stores = Stores(Inbox(url), Access(url, [("wecom", "boss")]), Records(url), Votes(url), Notices(url), Keeping(url, 180))
    stores.access.allow("wecom", "chat", "group")
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    answerer = Answerer(shipped, search, Confidence.load(), Acts.load())
    yield _Bot(stores, Commands(stores, lambda: shipped, search.find), Presses(stores, lambda: shipped), answerer, shipped, search.find)
    for store in (stores.inbox, stores.access, stores.records, stores.votes):
        store.close()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/ask 几天退款", Command("ask", "几天退款")),
        ("／帮助", Command("help")),
        (" 帮助 ", Command("help")),
        ("/条款 乐享 4.6.1", Command("clause", "乐享 4.6.1")),
        ("/SEARCH\n发票", Command("search", "发票")),
        ("/天气 北京", None),
        ("协议", None),  # a word that may well be a question
        ("帮助中心在哪", None),
        ("见 /help", None),
        ("", None),
    ],
)
def test_what_is_a_command(text: str, command: Command | None) -> None:
    assert command_in(text) == command


def test_what_asks_a_question() -> None:
    assert question_in(Command("ask", "几天退款"), Language.SIMPLIFIED) == "几天退款"
    assert question_in(Command("clause", "乐享 4.6.1"), Language.ENGLISH) == "What does 乐享 4.6.1 say?"
    assert question_in(Command("ask"), Language.SIMPLIFIED) is None
    assert question_in(Command("search", "发票"), Language.SIMPLIFIED) is None


def test_who_writes_no_words_is_spoken_to_in_the_language_of_the_app() -> None:
    assert [language_for("", locale) for locale in ("", "zh-hans", "zh-TW", "en", "de")] == [
        Language.SIMPLIFIED, Language.SIMPLIFIED, Language.TRADITIONAL, Language.ENGLISH, Language.ENGLISH,
    ]  # fmt: skip
    assert language_for("几天退款", "en") is Language.SIMPLIFIED


def test_a_chat_sees_no_agreement_that_it_may_not_ask_about(bot: _Bot) -> None:
    bot.stores.access.allow("wecom", "chat", "group", ["lexiang"])
    assert bot.run("/agreements").count("《") == 1
    assert "乐享" in bot.run("/agreements")
    found = bot.run("/search 退款")
    assert "乐享" in found
    assert "企业级" not in found
    bot.ask("企点开通几天内可以无条件退款？")  # asked when it still could be
    assert "没有" in bot.run("/sources")


def test_the_sources_of_an_answer_are_whole_and_one_s_own(bot: _Bot) -> None:
    bot.ask("企点开通几天内可以无条件退款？")
    bot.ask("乐享打官司去哪", replace(_ANN, asker="bob"))
    shown = bot.run("/sources")
    assert "4.7" in shown
    assert "全额无息退还" in shown
    assert "还没有" in bot.run("/sources", replace(_ANN, asker="eve"))


def test_where_nobody_can_be_told_news_nobody_is_promised_any(bot: _Bot) -> None:
    message = Message(_ANN, "1", "/subscribe")
    assert "wenyue notify" in Commands(bot.stores, lambda: bot.library, bot.find, tells_news=False).run(Command("subscribe"), message).text
    assert bot.stores.access.subscribers("qidian") == []
    assert "/unsubscribe" in bot.run("/subscribe")
    assert bot.stores.access.subscribers("qidian") == [("wecom", "group")]


def test_feedback_is_kept_with_the_last_answer(bot: _Bot) -> None:
    assert "还没有" in bot.run("/feedback 错了")
    record = bot.ask("企点开通几天内可以无条件退款？")
    assert "谢谢" in bot.run("/feedback 引错了")
    assert bot.stores.votes.of(record) == Counts(0, 1)


def test_an_administrator_allows_and_denies_chats_and_users(bot: _Bot) -> None:
    boss, other = replace(_ANN, asker="boss"), Place("wecom", "other", "", "ann")
    access = bot.stores.access
    assert "管理员" in bot.run("/allow chat:other")
    assert access.may_ask(other, False) is None
    assert "other" in bot.run("/allow chat:other 乐享", boss)
    permission = access.may_ask(other, False)
    assert permission is not None
    assert permission.agreements == ("lexiang",)
    assert "没有叫 不知道" in bot.run("/allow chat:other 不知道", boss)
    assert "bob" in bot.run("/allow user:bob", boss)
    assert access.may_ask(Place("wecom", "bob", "", "bob"), True) is not None
    bot.run("/deny user:ann", boss)
    assert access.may_ask(_ANN, False) is None
    assert "user:编号" in bot.run("/deny ann", boss)
    assert bot.run("/allow", Place("wecom", "boss", "", "boss"), private=True) == "已允许 boss。"
    assert "已允许 4 个" in bot.run("/status", boss)


def test_what_was_kept_of_an_asker_is_forgotten_and_nobody_else_s(bot: _Bot) -> None:
    record = bot.ask("企点开通几天内可以无条件退款？")
    others = bot.ask("乐享打官司去哪", replace(_ANN, asker="bob"))
    bot.stores.votes.cast(others, "wecom", "ann", "up")
    assert "1 个问答" in bot.run("/forgetme")
    assert [each.id for each in bot.stores.records.listing()] == [others]
    assert bot.stores.votes.of(others) == bot.stores.votes.of(record) == Counts(0, 0)


def test_help_names_every_command_in_the_language_of_the_app(bot: _Bot) -> None:
    assert all(f"/{name}　" in bot.run("/help") for name in ("ask", "clause", "search", "subscribe", "forgetme", "whoami"))
    assert "ask a question" in bot.run("/help", locale="en")
    assert "180" in bot.run("/privacy")
    assert "ann" in bot.run("/whoami")


def test_a_vote_and_its_reason_are_cast_once_a_person(bot: _Bot) -> None:
    record = bot.ask("企点开通几天内可以无条件退款？")
    led = [bot.presses.take(Press(_ANN, "5", data)) for data in (vote_data(record, "up"), vote_data(record, "down"), reason_data(record, "clause"))]  # fmt: skip
    assert [(each.verdict, each.asks_why) for each in led if isinstance(each, Voted)] == [("up", False), ("down", True), ("down", False)]
    assert bot.stores.votes.of(record) == Counts(0, 1)
    bot.presses.take(Press(replace(_ANN, asker="bob"), "5", vote_data(record, "up")))
    assert bot.stores.votes.of(record) == Counts(1, 1)


def test_a_choice_and_a_further_question_are_asked_by_each_who_presses(bot: _Bot) -> None:
    record = bot.ask("企点开通几天内可以无条件退款？")
    answer = bot.stores.records.get(record).answer
    asked = [bot.presses.take(Press(replace(_ANN, asker=asker), "5", question_data(record, 0))) for asker in ("ann", "bob", "ann")]
    assert [each.text for each in asked if isinstance(each, Message)] == [answer["suggestions"][0]] * 3
    assert len({each.id for each in asked if isinstance(each, Message)}) == 2
    assert bot.presses.take(Press(_ANN, "5", choice_data(record, 0))) is None  # nothing was to be chosen


def test_a_press_from_elsewhere_or_of_no_button_leads_to_nothing(bot: _Bot) -> None:
    record = bot.ask("企点开通几天内可以无条件退款？")
    bot.stores.access.allow("wecom", "chat", "other")
    for press in (
        Press(Place("wecom", "other", "", "ann"), "5", vote_data(record, "up")),
        Press(Place("wecom", "strange", "", "ann"), "5", vote_data(record, "up")),
        Press(Place("telegram", "group", "", "ann"), "5", vote_data(record, "up")),
        *(
            Press(_ANN, "5", data)
            for data in ("", "v:up", f"v:{record}:sideways", f"w:{record}:rude", f"q:{record}:99", "v:zzzzzzzzzzzz:up")
        ),
    ):
        assert bot.presses.take(press) is None
    assert bot.stores.votes.of(record) == Counts(0, 0)
