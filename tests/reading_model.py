"""A chat service on loopback that plays a model which can read: it answers out of the clauses it is shown, and now and then wrongly.

What it says depends on what it is told and on nothing else: two runs that tell it the same hear the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from threading import Lock

from answering.acts import Acts
from answering.evidence import count_tokens
from prompts.prompt import load_prompt
from retrieval.words import bigrams
from tests.chat_server import Act, ChatServer, Exchange, Request

_BLOCK = re.compile(r"<(条款|对话|问题|句子)>\n(.*?)\n</\1>", re.S)
_CLAUSE = re.compile(r"^\[(C\d+)\] (《[^》]+》)(.*)\n((?:附上：.*\n)?)(?:引导语：(.*)\n)?", re.M)
_SENTENCE = re.compile(r"[^。！？\n]+")
_FAILED = re.compile(r"^(\d+)\. (.*?)(?:\[C\d+\])*（(\w+)）$", re.M)
_FIGURE = re.compile(r"\d+")

_SAID = 3  # sentences of an answer at most
_LEAST = 6  # characters of a sentence
_NEAR = 0.04  # of what is asked must stand in the best sentence
_WRONG = 6  # one answer in so many has a sentence that is wrong


@dataclass(frozen=True)
class Shown:
    """A clause as the prompt shows it: its handle, the title of its agreement, and its sentences, each with what introduces it."""

    handle: str
    title: str
    sentences: tuple[str, ...]


class ReadingModel(ChatServer):
    """Every model of it reads. It writes `piece` characters a chunk, each after `delay` seconds (in steps of 0.02), and counts tokens as
    o200k_base does.

    `most` is how many requests were under way at one time at most, each from its last byte on to the last chunk but one of its reply.
    """

    def __init__(self, delay: float = 0.0, piece: int = 4, port: int = 0) -> None:
        self._delay = delay
        self._piece = piece
        acts = Acts.load()
        choose, judge = load_prompt("choose", ("clauses", "question")), load_prompt("judge", ("clauses", "question", "sentence"))
        self._replies = {
            acts.answer.system: _answer,
            acts.compare.system: _compare,
            acts.repair.system: _repair,
            acts.rewrite.system: _rewrite,
            choose.system: _choose,
            judge.system: _judge,
        }
        self._counting = Lock()
        self._under_way = 0
        self.most = 0
        super().__init__(port)

    @property
    def bodies(self) -> list[bytes]:
        """The body of every request, byte for byte, in the order they came."""
        return [_body(request) for request in self.requests]

    def act_for(self, request: Request) -> Act:
        self.requests.append(request)
        self._count(1)
        return self._write

    def reply_to(self, system: str, user: str) -> str:
        """What it says to a system and a user message. Raises KeyError for a system message that is none of the prompts."""
        return self._replies[system](dict(_BLOCK.findall(user)))

    def _write(self, exchange: Exchange) -> None:
        try:
            system, user = (message["content"] for message in exchange.request.body["messages"])
            said = self.reply_to(system, user)
            exchange.begin()
            for at in range(0, len(said), self._piece):
                if self._delay:
                    exchange.wait(self._delay)
                exchange.delta(said[at : at + self._piece])
            exchange.delta("", "stop")
            if exchange.request.body["stream_options"]["include_usage"]:
                exchange.event({"choices": [], "usage": _usage(count_tokens(system) + count_tokens(user), count_tokens(said))})
        finally:
            self._count(-1)  # before the end is told: who asked may ask again at once
        exchange.end()

    def _count(self, more: int) -> None:
        with self._counting:
            self._under_way += more
            self.most = max(self.most, self._under_way)


def _usage(prompt: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _body(request: Request) -> bytes:
    """The bytes that were sent: the client writes JSON without blanks, which is checked against their number."""
    body = json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(body) == int(request.headers["content-length"]), "the client writes JSON in another form"
    return body


# --- reading ---------------------------------------------------------------------------------------------------------


def _shown(clauses: str) -> list[Shown]:
    heads = list(_CLAUSE.finditer(clauses))
    ends = [head.start() for head in heads[1:]] + [len(clauses)]
    return [
        Shown(head.group(1), head.group(2), tuple(_sentences(clauses[head.end() : end], head.group(5) or "")))
        for head, end in zip(heads, ends, strict=True)
    ]


def _sentences(text: str, lead_in: str) -> list[str]:
    """The sentences of a text, without the mark at their end, each with the last sentence of what introduces it."""
    found = [match.group().strip(" 　|；;") for match in _SENTENCE.finditer(text)]
    introducing = "".join(_SENTENCE.findall(lead_in)[-1:])
    return [introducing + sentence for sentence in found if len(sentence) >= _LEAST]


def _near(asked: str, sentence: str) -> float:
    """How much of what is asked stands in a sentence, a long one counting a little less."""
    wanted = set(bigrams(asked))
    return len(wanted & set(bigrams(sentence))) / (len(wanted) or 1) / (1 + len(sentence) / 400)


def _best(asked: str, clauses: list[Shown]) -> list[tuple[float, str, Shown]]:
    """Each clause's sentence nearest to what is asked, the nearest first, those alike in the order shown."""
    found = [max(((_near(asked, sentence), sentence) for sentence in clause.sentences), default=None) for clause in clauses]
    ranked = [(best[0], best[1], clause) for best, clause in zip(found, clauses, strict=True) if best]
    return sorted(ranked, key=lambda each: -each[0])


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


# --- what it says to each prompt -------------------------------------------------------------------------------------


def _answer(told: dict[str, str]) -> str:
    clauses, question = _shown(told["条款"]), told["问题"]
    ranked = _best(question, clauses)
    least = max(_NEAR, ranked[0][0] / 2) if ranked else 0.0
    # clauses share nothing with a question in English: then the first is taken, which was found best
    chosen = ranked[:1] if question.isascii() else [each for each in ranked[:_SAID] if each[0] >= least]
    return _written(question, [(sentence, clause.handle) for _, sentence, clause in chosen], clauses)


def _compare(told: dict[str, str]) -> str:
    clauses, question = _shown(told["条款"]), told["问题"]
    best: dict[str, tuple[str, str]] = {}
    for near, sentence, clause in _best(question, clauses):
        if near >= _NEAR / 2:
            best.setdefault(clause.title, (sentence, clause.handle))
    return _written(question, list(best.values()), clauses)


def _written(question: str, said: list[tuple[str, str]], clauses: list[Shown]) -> str:
    """An answer of these sentences, in one line or in several, one of them wrong now and then; NOT_COVERED where there is none."""
    if not said:
        return "NOT_COVERED"
    seed = _seed(question)
    lines = [f"{sentence}[{handle}]。" if seed % 2 else f"{sentence}。[{handle}]" for sentence, handle in said]
    if seed // 2 % _WRONG == 0:
        at = seed // 100 % len(said)
        lines[at] = _spoilt(*said[at], clauses, seed // 1000 % 4)
    return ("\n" if seed // 5 % 2 else "").join(lines)


def _spoilt(sentence: str, handle: str, clauses: list[Shown], how: int) -> str:
    if how == 0:
        return f"{_FIGURE.sub(lambda found: str(int(found.group()) + 17), sentence, count=1)}，为期 47 日[{handle}]。"
    if how == 1:
        return f"{sentence}。"
    if how == 2:
        return f"{sentence}[C99]。"
    others = [clause for clause in clauses if clause.handle != handle]
    farthest = min(others, key=lambda other: max((_near(sentence, each) for each in other.sentences), default=0.0), default=None)
    return f"{sentence}[{farthest.handle if farthest else 'C98'}]。"


def _repair(told: dict[str, str]) -> str:
    """Each sentence out of the clause it is nearest to; one in four given up, one in four said again as it was."""
    clauses, lines = _shown(told["条款"]), []
    for number, sentence, _ in _FAILED.findall(told["句子"]):
        how = _seed(sentence) % 4
        near, anew, clause = _best(sentence, clauses)[0]
        if how == 0 or near < _NEAR:
            lines.append(f"{number}. 无")
        else:
            lines.append(f"{number}. {sentence if how == 1 else anew}[{clause.handle}]。")
    return "\n".join(lines)


def _rewrite(told: dict[str, str]) -> str:
    return f"{told['对话'].splitlines()[-1].rstrip('？?。')}，{told['问题']}"


def _choose(told: dict[str, str]) -> str:
    chosen = [clause.handle for near, _, clause in _best(told["问题"], _shown(told["条款"])) if near >= _NEAR]
    return " ".join(f"[{handle}]" for handle in chosen) or "无"


def _judge(told: dict[str, str]) -> str:
    there = max((_near(told["句子"], sentence) for clause in _shown(told["条款"]) for sentence in clause.sentences), default=0.0)
    return "支持" if there >= 0.3 else "不支持"
