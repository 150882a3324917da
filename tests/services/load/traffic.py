"""People who ask in Telegram and in WeCom, and what became of each question."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any

import httpx

from answering.answer import Language
from bot.wording import say
from tests.services.load.questions import Question
from tests.services.telegram_shown import Chat, Said, Shown, User
from tests.services.telegram_world import TelegramWorld
from tests.wecom_sender import BOT, Sender, new_nonce, poll

_PLACEHOLDER = say("looking", Language.SIMPLIFIED)
_PRIVATE, _GROUPS, _MEMBERS = 240, 60, 6  # people who ask in private; groups, and people in each
_AGAIN = 1.0  # seconds after which WeCom sends again what was not taken, and asks again what a stream shows
_GIVEN_UP = 350.0  # seconds after which WeCom asks for a stream no more
_AT_ONCE = 80  # questions of WeCom that are under way


@dataclass(frozen=True)
class Outcome:
    """What became of a question: all that was said to it, each in its last version, when the first of it was said, and when the last word
    was spoken.
    """

    channel: str
    question: Question
    asked: float  # time.time()
    texts: tuple[str, ...]
    answered: float | None
    began: float | None = None

    @property
    def is_right(self) -> bool:
        return len(self.texts) == 1 and self.question.is_answered_by(self.texts[0])

    @property
    def seconds(self) -> float:
        return (self.answered or float("inf")) - self.asked


class TelegramTraffic:
    """Half in groups, half in private."""

    def __init__(self, world: TelegramWorld) -> None:
        self.world = world
        self._asked: list[tuple[Said, Question, float]] = []
        self._flood: list[Said] = []
        self.groups = [world.group(f"群{at}") for at in range(_GROUPS)]
        self._people = [world.user(f"私聊{at}") for at in range(_PRIVATE)]
        self._members = {group.id: [world.user(f"群友{group.id}-{at}") for at in range(_MEMBERS)] for group in self.groups}
        self._flooding: tuple[User, Chat] = (world.user("刷屏"), world.group("刷屏群"))
        self._count = 0

    @property
    def allowed(self) -> Iterable[tuple[str, str]]:
        """The chats and people that may ask, as kinds and ids."""
        yield from (("chat", str(group.id)) for group in (*self.groups, self._flooding[1]))
        yield from (("user", str(person.id)) for person in self._people)

    def ask(self, question: Question) -> None:
        self._count += 1
        asked = time.time()
        if self._count % 2:
            group = self.groups[self._count // 2 % len(self.groups)]
            person = self._members[group.id][self._count // 2 // len(self.groups) % _MEMBERS]
            said = self.world.say(person, group, question.text, mention=True)
        else:
            person = self._people[self._count // 2 % len(self._people)]
            said = self.world.say(person, person.private, question.text)
        self._asked.append((said, question, asked))
        if not self._count % 10:
            self.world.duplicate(said)

    def flood(self, count: int, question: Question) -> None:
        self._flood += [self.world.say(*self._flooding, question.text, mention=True) for _ in range(count)]

    def nudge(self) -> None:
        """Telegram tries again to deliver what could not be when something comes, if only an update that came before."""
        self.world.duplicate(self._asked[-1][0])

    def outcomes(self) -> list[Outcome]:
        replies: dict[tuple[int, int | None], list[Shown]] = defaultdict(list)
        for message in self.world.messages():
            replies[message.chat, message.reply_to].append(message)
        return [self._outcome(replies[said.chat, said.id], question, at) for said, question, at in self._asked]

    def flooded(self) -> tuple[int, int, int]:
        """How many messages of the flood there were, how many have a reply, and how many have more than one."""
        replies: dict[int | None, int] = defaultdict(int)
        for message in self.world.messages(self._flooding[1]):
            replies[message.reply_to] += 1
        counts = [replies[said.id] for said in self._flood]
        return len(counts), sum(count > 0 for count in counts), sum(count > 1 for count in counts)

    def strays(self) -> int:
        """Messages of the bot that reply to nothing that was asked in their chat."""
        asked = {(said.chat, said.id) for said, _, _ in self._asked} | {(said.chat, said.id) for said in self._flood}
        return sum((message.chat, message.reply_to) not in asked for message in self.world.messages())

    @staticmethod
    def _outcome(messages: list[Shown], question: Question, asked: float) -> Outcome:
        said = [message for message in messages if message.text != _PLACEHOLDER]
        # a placeholder beside an answer is one message too many; alone it is no answer
        texts = tuple(message.text for message in messages) if said and len(messages) > len(said) else tuple(each.text for each in said)
        whole = [message for message in said if message.buttons]
        ended = max((each.versions[-1].at for each in whole), default=None)
        return Outcome("telegram", question, asked, texts, ended, min((each.at for each in said), default=None))


class WecomTraffic:
    """Groups of WeCom, which calls the bot, and calls again what was not taken."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=10, limits=httpx.Limits(max_connections=_AT_ONCE))
        self._sender = Sender(lambda: datetime.now(UTC))
        self._sealing = Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE, "wecom")
        self._asked: list[Future[Outcome]] = []
        self._flood: list[Future[Outcome]] = []
        self._count = 0

    groups = tuple(f"WG{at}" for at in range(_GROUPS))
    flooding = "WGFLOOD"

    @property
    def allowed(self) -> Iterable[tuple[str, str]]:
        yield from (("chat", group) for group in (*self.groups, self.flooding))

    @property
    def under_way(self) -> int:
        return sum(not each.done() for each in self._asked[-1000:])

    def ask(self, question: Question) -> None:
        self._count += 1
        group = self.groups[self._count % len(self.groups)]
        asker = f"{group}P{self._count // len(self.groups) % _MEMBERS}"
        times = 1 if self._count % 10 else 3  # every tenth is sent three times, whether or not it was taken
        self._asked.append(self._threads.submit(self._talk, question, f"M{self._count}", group, asker, times))

    def flood(self, count: int, question: Question) -> None:
        self._flood += [
            self._threads.submit(self._talk, question, f"F{time.monotonic_ns()}-{at}", self.flooding, "flooder", 1) for at in range(count)
        ]

    def outcomes(self) -> list[Outcome]:
        return [each.result() for each in self._asked]

    def flooded(self) -> tuple[int, int]:
        """How many messages of the flood there were, and how many have an answer out of a clause."""
        found = [each.result() for each in self._flood]
        return len(found), sum("》" in "".join(outcome.texts) for outcome in found)

    def close(self) -> None:
        self._threads.shutdown()
        self._http.close()

    def _talk(self, question: Question, msgid: str, group: str, asker: str, times: int) -> Outcome:
        asked = time.time()
        streams = [self._sent(question, msgid, group, asker) for _ in range(times)]
        shown, ending = streams[0], asked + _GIVEN_UP
        asking_again = partial(poll, shown["id"], chatid=group)
        while not shown["finish"] and time.time() < ending:
            time.sleep(_AGAIN)
            shown = self._called(asking_again, ending).get("stream") or shown
        finished = time.time() if shown["finish"] else None
        # one message, one stream: another one would be a second answer
        others = {stream["id"] for stream in streams} - {shown["id"]}
        return Outcome("wecom", question, asked, (shown["content"], *others) if finished else (), finished)

    def _sent(self, question: Question, msgid: str, group: str, asker: str) -> dict[str, Any]:
        body = {
            "msgid": msgid, "aibotid": BOT, "chatid": group, "chattype": "group", "from": {"userid": asker},
            "msgtype": "text", "text": {"content": f"@问约 {question.text}"},
        }  # fmt: skip
        stream: dict[str, Any] = self._called(lambda: body, time.time() + _GIVEN_UP)["stream"]
        return stream

    def _called(self, body: Any, ending: float) -> dict[str, Any]:
        """What the bot says to a call, made again until it is taken."""
        while True:
            with self._sealing:
                query, sealed = self._sender.post(body(), new_nonce())
            try:
                reply = self._http.post("/wecom/callback", params=query, content=sealed)
                if reply.status_code == 200:
                    return self._sender.opened(reply.content, query) if reply.content else {}
            except httpx.HTTPError:
                pass
            if time.time() > ending:
                return {}
            time.sleep(_AGAIN)
