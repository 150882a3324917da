"""The commands of the bot, the same in every channel. What asks a question goes on to the answerer; the others answer by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from answering.answer import Language
from answering.kept import answer_from
from answering.language import language_of
from bot.contacts import Contact
from bot.form import form_of
from bot.message import Message
from bot.record import Record
from bot.records import RecordsError
from bot.stores import Stores
from bot.wording import say
from retrieval.clause import Hit
from retrieval.library import Library

LISTED = (
    "ask", "clause", "agreements", "search", "sources", "new", "feedback", "hand", "subscribe", "unsubscribe", "privacy", "forgetme",
)  # fmt: skip
"""What everybody is told of, with /help and /whoami; `command_…` in wording.toml says what each does."""

FOR_ADMINS = ("allow", "deny", "status")
_OPEN = ("help", "start", "whoami", "privacy", "forgetme", *FOR_ADMINS)  # also for those who may not ask
_IN_CHINESE = {
    "问": "ask",
    "条款": "clause",
    "协议": "agreements",
    "搜索": "search",
    "依据": "sources",
    "新对话": "new",
    "反馈": "feedback",
    "转给": "hand",
    "订阅": "subscribe",
    "退订": "unsubscribe",
    "隐私": "privacy",
    "忘记我": "forgetme",
    "帮助": "help",
    "我是谁": "whoami",
}
_BARE = ("帮助", "新对话", "我是谁")  # nobody can mean these as a question
_COMMAND = re.compile(r"[/／](\w+)(?:\s+(.*))?", re.DOTALL)
_STROKES = re.compile(r"\A[\s/／]+")
_ACCOUNT = re.compile(r"(?P<kind>user|chat):(?P<id>\S+)|(?P<number>-?\d+)")  # as Telegram has it, a chat of several is below 0
_FOUND = 5  # clauses of a search
_BEGINNING = 120  # characters shown of each
_REASON = 500  # characters of what was wrong with an answer

Find = Callable[[str, Collection[str], int], Sequence[Hit]]
"""Words, the keys of the agreements to search (none: all of them), how many clauses at most."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was given: its name in English, and what stands behind it."""

    name: str
    rest: str = ""

    @property
    def open(self) -> bool:
        """Whether those who may not ask may give it."""
        return self.name in _OPEN


@dataclass(frozen=True, slots=True)
class Told:
    """What a command is answered with; `quoting` where words of agreements stand in it, `calling` whose name does and who is to see it."""

    text: str
    quoting: bool = False
    calling: Contact | None = None


def command_in(text: str) -> Command | None:
    """The command that a message begins with or that its one word is, None where it is a question."""
    text = text.strip()
    if text in _BARE:
        return Command(_IN_CHINESE[text])
    found = _COMMAND.fullmatch(text)
    if found is None:
        return None
    name = _IN_CHINESE.get(found[1], found[1].lower())
    known = name in (*LISTED, *_OPEN)
    return Command(name, (found[2] or "").strip()) if known else None


def question_in(command: Command, language: Language) -> str | None:
    """The question that a command asks; None where it asks none."""
    if not command.rest:
        return None
    return {"ask": command.rest, "clause": say("clause_question", language, number=command.rest)}.get(command.name)


def as_question(text: str) -> str:
    """Words of somebody else's, so that they can be asked and never obeyed: a command begins with a stroke."""
    return _STROKES.sub("", text)


class Commands:
    """Carries commands out. `library` is asked for it as it is now; where nobody can be told news, that is said. Threads may share it. Everything raises StorageError where the database fails."""

    def __init__(self, stores: Stores, library: Callable[[], Library], find: Find, *, tells_news: bool = True) -> None:
        self._stores = stores
        self._library = library
        self._find = find
        self._tells_news = tells_news
        self._acts: dict[str, Callable[[Message, str, Language], Told]] = {
            "agreements": self._agreements,
            "search": self._search,
            "sources": self._sources,
            "new": self._new,
            "feedback": self._feedback,
            "hand": self._hand,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "privacy": self._privacy,
            "forgetme": self._forget,
            "help": self._help,
            "start": self._help,
            "whoami": self._who,
            "allow": self._allow,
            "deny": self._deny,
            "status": self._status,
        }

    def run(self, command: Command, message: Message) -> Told:
        """Do what a command says, whose sender may give it. One that lacks what it needs is answered with how to use it."""
        language = language_for("" if command.name in (*FOR_ADMINS, "hand") else command.rest, message.locale)  # ids are in no language
        if command.name not in self._acts or (command.name == "search" and not command.rest):
            return Told(say(f"command_{command.name}", language))
        if command.name in FOR_ADMINS and not self._stores.access.is_admin(message.place.channel, message.place.asker):
            return Told(say("command_for_admins", language))
        return self._acts[command.name](message, command.rest, language)

    def _agreements(self, message: Message, rest: str, language: Language) -> Told:
        permitted = self._permitted(message)
        held = [one for one in self._library().agreements if not permitted or one.key in permitted]
        return Told("\n".join(f"· 《{one.title}》（{'、'.join(one.names[:2])}）" for one in held), quoting=True)

    def _search(self, message: Message, rest: str, language: Language) -> Told:
        hits = self._find(rest, self._permitted(message), _FOUND)
        found = [f"{at}. {hit.clause.label}\n{_beginning(hit.clause.content)}" for at, hit in enumerate(hits, start=1)]
        return Told("\n\n".join(found), quoting=True) if found else Told(say("command_nothing_found", language))

    def _sources(self, message: Message, rest: str, language: Language) -> Told:
        record, permitted = self._last(message), self._permitted(message)
        answer = answer_from(record.answer, self._library()) if record else None
        cited = form_of(answer, self._library().agreements).cited if answer else ()
        shown = [
            f"{one.label}\n{one.under}{''.join(s.text for s in one.text)}" for one in cited if not permitted or one.agreement in permitted
        ]
        return Told("\n\n".join(shown), quoting=True) if shown else Told(say("command_no_answer", language))

    def _new(self, message: Message, rest: str, language: Language) -> Told:
        self._stores.records.begin(message.place)
        return Told(say("command_began", language))

    def _feedback(self, message: Message, rest: str, language: Language) -> Told:
        record = self._last(message)
        if record is None:
            return Told(say("command_no_answer", language))
        self._stores.votes.cast(record.id, message.place.channel, message.place.asker, "down", rest[:_REASON])
        return Told(say("command_thanks", language))

    def _hand(self, message: Message, rest: str, language: Language) -> Told:
        """Hand the last question, or the one of a record of this chat, to whom one may ask instead; they are told in the chat."""
        place, handing = message.place, self._stores.handing
        record = self._of_chat(rest, message) if rest else self._last(message)
        if record is None:
            return Told(say("command_no_answer", language))
        language = Language(record.answer["language"])
        handed = handing.hand(record) if handing else None
        if handed is None:
            return Told(say("hand_nobody", language))
        if handed.again:
            return Told(say("handed_before", language, name=handed.contact.name))
        called = handed.contact if handed.contact.way == place.channel else None
        return Told(say("handed_on", language, name=handed.contact.name, question=record.question), quoting=True, calling=called)

    def _of_chat(self, id_: str, message: Message) -> Record | None:
        """The record with this id, if it is one of the chat."""
        try:
            record = self._stores.records.get(id_)
        except RecordsError:
            return None
        return record if (record.place.channel, record.place.chat) == (message.place.channel, message.place.chat) else None

    def _subscribe(self, message: Message, rest: str, language: Language) -> Told:
        if not self._tells_news:
            return Told(say("command_no_news", language))
        keys, unknown = self._keys(rest.split())
        if unknown:
            return Told(say("command_unknown", language, words="、".join(unknown)))
        self._stores.access.subscribe(message.place.channel, message.place.chat, keys)
        return Told(say("command_subscribed", language))

    def _unsubscribe(self, message: Message, rest: str, language: Language) -> Told:
        self._stores.access.unsubscribe(message.place.channel, message.place.chat)
        return Told(say("command_unsubscribed", language))

    def _privacy(self, message: Message, rest: str, language: Language) -> Told:
        days = self._stores.records.days
        return Told(say("command_kept" if days else "command_kept_none", language, days=f"{days:g}"))

    def _forget(self, message: Message, rest: str, language: Language) -> Told:
        return Told(say("command_forgotten", language, count=self._stores.forget(message.place.channel, message.place.asker)))

    def _help(self, message: Message, rest: str, language: Language) -> Told:
        lines = [f"/{name}　{say(f'command_{name}', language)}" for name in (*LISTED, "help", "whoami")]
        return Told("\n\n".join([say("command_about", language), "\n".join(lines)]))

    def _who(self, message: Message, rest: str, language: Language) -> Told:
        return Told(say("command_who", language, asker=message.place.asker, chat=message.place.chat))

    def _allow(self, message: Message, rest: str, language: Language) -> Told:
        accounts, words = _accounts(rest)
        keys, unknown = self._keys(words)
        if unknown:  # no agreement at all would mean every agreement
            return Told(say("command_unknown", language, words="、".join(unknown)))
        accounts = accounts or [_here(message)]
        for kind, id_ in accounts:
            self._stores.access.allow(message.place.channel, kind, id_, keys, by=message.place.asker)
        return Told(say("command_allowed", language, ids="、".join(id_ for _, id_ in accounts)))

    def _deny(self, message: Message, rest: str, language: Language) -> Told:
        accounts, words = _accounts(rest)
        if words:
            return Told(say("command_accounts", language, words="、".join(words)))
        accounts = accounts or [_here(message)]
        for kind, id_ in accounts:
            self._stores.access.deny(message.place.channel, kind, id_, by=message.place.asker)
        return Told(say("command_denied", language, ids="、".join(id_ for _, id_ in accounts)))

    def _status(self, message: Message, rest: str, language: Language) -> Told:
        since, channel = datetime.now(UTC) - timedelta(days=1), message.place.channel
        today = self._stores.records.listing(since=since, channel=channel, limit=10_000)
        counts = {
            "allowed": len(self._stores.access.allowed(channel)),
            "asked": len(today),
            "answered": sum(record.status == "answered" for record in today),
            "held": len(self._library().agreements),
        }
        return Told(say("command_counts", language, **counts))

    def _permitted(self, message: Message) -> tuple[str, ...]:
        """The keys that a place may ask about; none for all of them."""
        permission = self._stores.access.may_ask(message.place, message.private)
        return permission.agreements if permission else ()

    def _keys(self, words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
        """The keys of the agreements that are named by key or name, and the words that name none."""
        named = {name: held.key for held in self._library().agreements for name in (held.key, *held.names)}
        return tuple(dict.fromkeys(named[word] for word in words if word in named)), [word for word in words if word not in named]

    def _last(self, message: Message) -> Record | None:
        """The last answer that whoever writes was given in this chat."""
        place = message.place
        rows = self._stores.records.listing(channel=place.channel, chat=place.chat, asker=place.asker, limit=1)
        return rows[0] if rows else None


def language_for(text: str, locale: str) -> Language:
    """The language to speak to somebody who wrote no more than this."""
    if any(char.isalpha() for char in text):
        return language_of(text)
    if locale.lower().startswith(("zh-hant", "zh-tw", "zh-hk")):
        return Language.TRADITIONAL
    return Language.SIMPLIFIED if not locale or locale.lower().startswith("zh") else Language.ENGLISH


def _here(message: Message) -> tuple[str, str]:
    return ("user", message.place.asker) if message.private else ("chat", message.place.chat)


def _accounts(rest: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The chats and users that words name, and the other words."""
    accounts: list[tuple[str, str]] = []
    words: list[str] = []
    for word in rest.split():
        if found := _ACCOUNT.fullmatch(word):
            number = found["number"]
            accounts.append((("chat" if number.startswith("-") else "user"), number) if number else (found["kind"], found["id"]))
        else:
            words.append(word)
    return accounts, words


def _beginning(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= _BEGINNING else f"{text[:_BEGINNING]}…"
