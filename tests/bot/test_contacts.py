"""Whom people are told to ask where there is no answer, and handing a question to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answering.answer import Answer, Status
from bot.access import Access
from bot.cli import app
from bot.commands import Commands, command_in
from bot.contacts import EVERY, Contact, ContactRefused, Contacts
from bot.form import form_of
from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from bot.presses import Handing as Press_
from bot.presses import Press, Presses, hand_data
from bot.privacy.keeping import Keeping
from bot.privacy.notices import Notices
from bot.records import Records
from bot.review.decisions import Decisions
from bot.review.handing import Handing
from bot.runs import asks
from bot.stores import Stores
from bot.telegram.markup import Paragraph, parts_of
from bot.telegram.reply import keyboard
from bot.telegram.text import html_of
from bot.votes import Votes
from bot.wecom.cards import offers
from bot.wecom.text import calling_of, markdown_of
from retrieval.clause import Hit
from retrieval.library import Library

_ANN = Place("wecom", "group", "", "ann")
_LEE = Contact("法务 李雷", "wecom", "lilei")


@dataclass
class _Bot:
    stores: Stores
    handing: Handing
    commands: Commands
    presses: Presses
    library: Library

    def refusal(self, question: str = "送打印机吗", key: str = "qidian", status: Status = Status.NOT_COVERED) -> Answer:
        return Answer("a", question, status, message="没有写到。", retrieved=(Hit(self.library.clauses([key])[3], 0.4),))

    def keep(self, answer: Answer, place: Place = _ANN) -> str:
        record = self.stores.records.keep(place, answer, fingerprint="f")
        assert record
        return record


@pytest.fixture
def bot(shipped: Library, tmp_path: Path) -> Iterator[_Bot]:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    handing = Handing(Contacts(url), Decisions(url))
    stores = Stores(Inbox(url), Access(url), Records(url), Votes(url), Notices(url), Keeping(url, 180), handing)
    stores.access.allow("wecom", "chat", "group")
    yield _Bot(stores, handing, Commands(stores, lambda: shipped, lambda *_: ()), Presses(stores, lambda: shipped), shipped)
    for store in (stores.inbox, stores.access, stores.records, stores.votes, stores.notices, stores.keeping, handing.contacts):
        store.close()
    handing.decisions.close()


def test_the_contact_is_that_of_the_agreement_the_question_is_about_or_the_one_for_all(bot: _Bot) -> None:
    assert bot.handing.contact(bot.refusal()) is None
    bot.handing.contacts.name(EVERY, Contact("客服"))
    bot.handing.contacts.name("lexiang", _LEE)
    assert bot.handing.contact(bot.refusal()) == Contact("客服")
    assert bot.handing.contact(bot.refusal(key="lexiang")) == _LEE
    assert bot.handing.contact(replace(bot.refusal(status=Status.ERROR), retrieved=())) == Contact("客服")
    bot.handing.contacts.remove("lexiang")
    assert bot.handing.contact(bot.refusal(key="lexiang")) == Contact("客服")


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.OUT_OF_SCOPE, Status.CLARIFY])
def test_nobody_is_named_for_what_is_answered_or_is_nobodys(bot: _Bot, status: Status) -> None:
    bot.handing.contacts.name(EVERY, _LEE)
    assert bot.handing.contact(bot.refusal(status=status)) is None


@pytest.mark.parametrize(
    ("name", "way", "address"),
    [("", "", ""), ("李\n雷", "", ""), ("李雷", "telegram", "@lilei"), ("李雷", "wecom", "<@all>"), ("李雷", "mail", "a?cc=b@c.de"), ("李" * 61, "", "")],
)  # fmt: skip
def test_what_cannot_be_a_contact_is_refused(name: str, way: str, address: str) -> None:
    with pytest.raises(ContactRefused):
        Contact(name, way, address)


def test_a_contact_is_called_only_in_their_own_channel(bot: _Bot) -> None:
    told = {}
    for contact in (_LEE, Contact("法务 李雷", "telegram", "42"), Contact("法务 李雷", "mail", "li@corp.example")):
        html = parts_of([Paragraph(tuple(asks("已转给 法务 李雷", contact)))])[0].html
        told[contact.way] = html, calling_of("已转给 法务 李雷", contact)
    assert '已转给 <a href="tg://user?id=42">法务 李雷</a>' in told["telegram"][0]
    assert "已转给 法务 李雷 <@lilei>" in told["wecom"][1]
    assert not any("tg://" in text for text in (told["wecom"][0], told["mail"][0], told["telegram"][1]))
    assert not any("<@" in text for text in (told["telegram"][1], told["mail"][1]))


def test_a_refusal_names_whom_to_ask_and_calls_nobody(bot: _Bot) -> None:
    for contact in (_LEE, Contact("法务 李雷", "telegram", "42")):
        form = form_of(bot.refusal(), bot.library.agreements, contact)
        for told in (html_of(form)[0].html, markdown_of(form)):
            assert "可以问：法务 李雷" in told
            assert "tg://" not in told
            assert "<@" not in told


def test_a_contacts_name_is_words_and_no_markup(bot: _Bot) -> None:
    form = form_of(bot.refusal(), bot.library.agreements, Contact("<b>*李* @all [x](http://e.vil)"))
    html, markdown = html_of(form)[0].html, markdown_of(form)
    assert "&lt;b&gt;" in html
    assert "<b>*" not in html
    assert "@\u2060all" in html
    assert "*李*" not in markdown
    assert "<b>" not in markdown
    assert "](http" not in markdown


def test_under_a_refusal_stands_a_button_that_hands_it_over(bot: _Bot) -> None:
    answer = bot.refusal()
    buttons = keyboard(answer, "rec0rd", contact=_LEE)
    assert buttons
    assert [(b.text, b.callback_data) for b in buttons.inline_keyboard[0]] == [("转给 法务 李雷", hand_data("rec0rd"))]
    card = offers(answer, "rec0rd", _LEE)
    assert card
    assert [(b["text"], b["key"]) for b in card["button_list"]] == [("转给 法务 李雷", hand_data("rec0rd"))]
    assert offers(answer, "rec0rd") is None


def test_one_press_hands_a_question_over_and_the_next_one_is_told_so(bot: _Bot) -> None:
    bot.handing.contacts.name("qidian", _LEE)
    record = bot.keep(bot.refusal())
    led = bot.presses.take(Press(_ANN, "card", hand_data(record)))
    assert isinstance(led, Press_)
    assert led.message
    command = command_in(led.message.text)
    assert command
    told = bot.commands.run(command, led.message)
    assert (told.text, told.calling) == ("已转给 法务 李雷：送打印机吗", _LEE)
    assert calling_of(told.text, told.calling) == "已转给 法务 李雷 <@lilei>：送打印机吗"
    assert len(bot.handing.decisions.handed()) == 1
    again = bot.presses.take(Press(replace(_ANN, asker="bob"), "card", hand_data(record)))
    assert isinstance(again, Press_)
    assert again.message is None
    told = bot.commands.run(command, replace(led.message, id="2"))
    assert (told.text, told.calling) == ("已经转给 法务 李雷 了。", None)


def test_a_press_of_another_chat_hands_nothing_over(bot: _Bot) -> None:
    bot.handing.contacts.name("qidian", _LEE)
    bot.stores.access.allow("wecom", "chat", "other")
    record = bot.keep(bot.refusal())
    elsewhere = replace(_ANN, chat="other")
    assert bot.presses.take(Press(elsewhere, "card", hand_data(record))) is None
    command = command_in(f"/hand {record}")
    assert command
    assert "没有回答过" in bot.commands.run(command, Message(elsewhere, "1", "")).text
    assert bot.handing.decisions.handed() == {}


def test_the_command_hands_the_last_question_over_if_there_is_somebody(bot: _Bot) -> None:
    command = command_in("/转给")
    assert command
    assert "没有回答过" in bot.commands.run(command, Message(_ANN, "1", "")).text
    bot.keep(bot.refusal())
    assert bot.commands.run(command, Message(_ANN, "2", "")).text == "上一个问题没有人可转。"
    bot.handing.contacts.name(EVERY, Contact("客服", "mail", "k@corp.example"))
    told = bot.commands.run(command, Message(_ANN, "3", ""))
    assert (told.text, told.calling) == ("已转给 客服：送打印机吗", None)


def test_contacts_are_named_shown_and_taken_away_at_the_terminal() -> None:
    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["agreements", "contact", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    assert "没有联系人" in run()
    assert "lexiang 的联系人是 法务 李雷（企业微信 lilei）" in run("lexiang", "法务 李雷", "--wecom", "lilei")
    assert "其余协议的联系人是 客服" in run("--default", "客服")
    shown = CliRunner().invoke(app, ["agreements", "show", "lexiang", "--json"])
    assert json.loads(shown.stdout)["contact"] == {"name": "法务 李雷", "way": "wecom", "address": "lilei"}
    assert "不再有联系人" in run("lexiang", "--remove")
    assert [json.loads(line) for line in run("--json").splitlines()][-1]["contacts"] == [
        {"agreement": "*", "name": "客服", "way": "", "address": ""}
    ]
    assert "feishu" in run("feishu", "李雷", code=2)
    assert "不是 mail 的联系方式" in run("lexiang", "李雷", "--mail", "nobody", code=1)
    assert "没有联系人" in run("lexiang", "--remove", code=1)
