"""Likely questions are written by a model that may say anything, fail at any moment, and be killed with the process."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from answering.enrich import Enrichment, enrich
from answering.errors import ModelError
from answering.evidence import count_tokens
from answering.models import Completion
from answering.written import Sieve, rows_of
from prompts.prompt import load_prompt
from retrieval.clause import Clause, Hit
from retrieval.errors import StorageError
from retrieval.index import Index, open_index, searchable
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.likely import VOICES, LikelyQuestion, load_likely
from retrieval.links import Links
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.scripted import SaysAtOnce

MakeLibrary = Callable[[Mapping[str, str]], Library]

_PROMPT = load_prompt("enrich", ("clauses",))
_SPOKEN = ("plain", "lay", "lay", "scenario", "keywords", "negated", "condition", "english")
_SHOWN = re.compile(r"^\[(C\d+)\] (\S+?)(?:（|$)", re.M)


def _text(articles: int) -> str:
    """An agreement of four clauses an article, 1.1 to `articles`.4."""
    lines = []
    for article in range(1, articles + 1):
        lines.append(f"第{'一二三四五六七八九'[article - 1]}条 事项{article}")
        lines += [f"{article}.{at} 您应当在第 {article * 10 + at} 日之前办妥第 {article * 10 + at} 项手续。" for at in range(1, 5)]
    return "\n".join(lines) + "\n"


def _row(handle: str, label: str, texts: Sequence[str] = ()) -> str:
    """A row as the model should write it, its questions unlike those of any other clause."""
    asked = [{"voice": voice, "text": f"{label}第{at}问"} for at, voice in enumerate(_SPOKEN)]
    asked = [{"voice": "plain", "text": text} for text in texts] or asked
    return json.dumps({"handle": handle, "questions": asked}, ensure_ascii=False)


def _good(shown: Mapping[str, str]) -> str:
    return "\n".join(_row(handle, label) for handle, label in shown.items())


class _Model(SaysAtOnce):
    """Answers by a script: one step a call, the last one again and again. A step gets labels by handle and returns or raises."""

    name = "scripted"

    def __init__(self, *steps: Callable[[Mapping[str, str]], str]) -> None:
        self.steps = list(steps)
        self.told: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        with self._lock:
            self.told.append((system, user))
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return Completion(step(_labels(user)), 1000, 500)

    @property
    def asked(self) -> list[list[str]]:
        """The clause numbers of each call."""
        return [[label.partition("》")[2] for label in _labels(user).values()] for _, user in self.told]


def _labels(user: str) -> dict[str, str]:
    return dict(_SHOWN.findall(user))


def _says(reply: str) -> Callable[[Mapping[str, str]], str]:
    return lambda shown: reply


def _fails(shown: Mapping[str, str]) -> str:
    raise ModelError("模型 scripted 的服务限流，请稍后再问")


def _run(library: Library, model: _Model | None, folder: Path, **options: Any) -> Enrichment:
    return enrich(searchable(library), Links(library.clauses()), model, _PROMPT, folder, **{"parallel": 1} | options)


def _kept(folder: Path, library: Library, key: str = "cloud") -> dict[str, list[LikelyQuestion]]:
    """What the library would read, none of it stale."""
    found, stale = load_likely(folder / f"{key}.questions.jsonl", {clause.id: clause for clause in library.clauses([key])})
    assert not stale
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "enriched"


@pytest.fixture
def library(make_library: MakeLibrary) -> Library:
    """Twenty clauses: three batches, of eight, eight and four."""
    return make_library({"cloud": _text(5)})


def test_every_clause_gets_its_questions_in_the_form_that_the_library_reads(library: Library, folder: Path) -> None:
    done = _run(library, _Model(_good), folder)
    kept = _kept(folder, library)
    assert set(kept) == {clause.id for clause in searchable(library)}
    assert [question.voice for question in kept["3.2"]] == list(_SPOKEN)
    assert [question.text for question in kept["3.2"]] == [f"《cloud协议》3.2第{at}问" for at in range(8)]
    assert (done.clauses, done.kept, done.dropped, done.missing, done.failure) == (20, 160, {}, (), None)


def test_the_model_is_shown_eight_neighbours_at_a_time_fenced_and_with_their_lead_in(make_library: MakeLibrary, folder: Path) -> None:
    text = "第一条 使用\n1.1 您不得从事下列行为：\n（1）转让账号；\n（2）出租账号。\n1.2 您应当付费。\n"
    library, model = make_library({"cloud": text, "rain": _text(3)}), _Model(_good)
    _run(library, model, folder)
    assert [len(batch) for batch in model.asked] == [4, 8, 4]
    system, user = model.told[0]
    assert re.fullmatch(r"<条款>\n.*\n</条款>", user, re.S)
    assert "[C2] 《cloud协议》1.1（1）（使用）\n引导语：您不得从事下列行为：\n转让账号；" in user
    assert "转让账号" not in system


def test_long_clauses_go_in_fewer_at_a_time(make_library: MakeLibrary, folder: Path) -> None:
    long = "".join(f"第 {at} 项费用由您承担，" for at in range(140))
    text = "第一条 费用\n" + "".join(f"1.{at} {long}共 {at} 元。\n" for at in range(1, 5))
    model = _Model(_good)
    _run(make_library({"cloud": text}), model, folder)
    assert 1000 < count_tokens(long) < 1500
    assert model.asked == [["1.1", "1.2"], ["1.3", "1.4"]]


def test_the_example_in_the_prompt_is_what_the_parser_reads_in_the_voices_that_there_are() -> None:
    ((handle, entries),) = rows_of(_PROMPT.system)
    assert handle == "C1"
    assert [entry["voice"] for entry in entries] == list(_SPOKEN)
    assert set(_SPOKEN) == set(VOICES)
    assert all(f"- {voice}，" in _PROMPT.system for voice in VOICES)


_ROWS = [("C1", [{"voice": "plain", "text": "能退吗"}]), ("C2", [{"voice": "lay", "text": "咋退"}])]
_LINES = [json.dumps({"handle": handle, "questions": entries}, ensure_ascii=False) for handle, entries in _ROWS]


@pytest.mark.parametrize(
    "reply",
    [
        "\n".join(_LINES),
        "```json\n" + "\n".join(_LINES) + "\n```",
        "好的，问题如下：\n\n" + "\n\n".join(_LINES) + "\n\n希望有帮助 {^_^}",
        "[" + ",\n".join(_LINES) + "]",
        '{"clauses": [' + ",".join(_LINES) + "]}",
        "\n".join(json.dumps(json.loads(line), indent=2) for line in _LINES),
        "\n".join(_LINES).replace('"C1"', '"[C1]"').replace('"C2"', "2"),
        _LINES[0] + '\n{"handle":"C9","questions":[{"voice":"plain","text":"断\n' + _LINES[1],
        _LINES[0] + '\n{"handle":"C9","questions":"无"}\n{"handle":"C8"}\n' + _LINES[1],
    ],
)
def test_rows_are_read_whatever_stands_around_them(reply: str) -> None:
    assert rows_of(reply) == _ROWS


def test_a_reply_cut_off_anywhere_gives_the_rows_that_were_finished() -> None:
    reply = "\n".join(_LINES)
    for cut in range(len(reply) + 1):
        finished = sum(cut >= len("\n".join(_LINES[: count + 1])) for count in range(2))
        assert rows_of(reply[:cut]) == _ROWS[:finished]


@pytest.mark.parametrize(
    "reply", ["", "{", "{}", "[]", "null", '{"a":' * 10_000, "{" * 20_000, '{"questions":[]}', '{"handle":"甲","questions":[]']
)
def test_a_reply_without_any_row_gives_none(reply: str) -> None:
    assert rows_of(reply) == []


_CLAUSE_TEXT = "您应当在服务开通后的七个自然日内提出全额退款的申请"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"voice": "plain", "text": "买错了能退吗"}, None),
        ({"voice": " Lay ", "text": " 买了\n想退 "}, None),
        ({"voice": "poem", "text": "买错了能退吗"}, "unknown_voice"),
        ({"voice": "plain", "text": "退"}, "length"),
        ({"voice": "plain", "text": "退？！……"}, "length"),
        ({"voice": "plain", "text": "退款"}, None),
        ({"voice": "plain", "text": "退" * 80}, None),
        ({"voice": "plain", "text": "退" * 81}, "length"),
        ({"voice": "plain", "text": "必须" + _CLAUSE_TEXT[3:14] + "退吗"}, None),
        ({"voice": "plain", "text": "必须" + _CLAUSE_TEXT[3:15] + "退吗"}, "copied"),
        ({"voice": "plain", "text": "先问的问题!"}, "duplicate"),
        ({"voice": "english", "text": "Can I get it back?"}, None),
        ({"voice": "plain"}, "unreadable"),
        ({"voice": "plain", "text": ["买错了能退吗"]}, "unreadable"),
        ("买错了能退吗", "unreadable"),
        (None, "unreadable"),
    ],
)
def test_a_question_is_kept_or_counted_by_what_is_wrong_with_it(make_library: MakeLibrary, entry: Any, reason: str | None) -> None:
    clauses = make_library({"cloud": f"第一条 退款\n1.1 {_CLAUSE_TEXT}。\n"}).clauses()
    sieve = Sieve(next(clause for clause in clauses if clause.id == "1.1"))
    sieve.take([{"voice": "lay", "text": "先问的 问题？"}, entry])
    assert dict(sieve.dropped) == ({reason: 1} if reason else {})
    assert [question.text for question in sieve.kept[1:]] == ([] if reason else [" ".join(entry["text"].split())])
    assert {question.voice for question in sieve.kept} <= set(VOICES)


def test_no_clause_gets_more_than_eight_questions(library: Library, folder: Path) -> None:
    done = _run(library, _Model(lambda shown: "\n".join(_row(h, "", [f"{h}{n}问" for n in range(11)]) for h in list(shown)[:1])), folder)
    assert {len(questions) for questions in _kept(folder, library).values()} == {8}
    assert done.dropped["surplus"] >= 3


def test_two_clauses_never_have_one_question_not_even_from_two_batches(library: Library, folder: Path) -> None:
    everywhere = ["这个怎么办", "那个怎么办", "后果是什么"]
    done = _run(library, _Model(lambda s: "\n".join(_row(h, "", [f"{label}问", *everywhere]) for h, label in s.items())), folder)
    texts = [question.text for questions in _kept(folder, library).values() for question in questions]
    assert len(texts) == len(set(texts)) == 20 + 3
    assert (done.kept, done.dropped) == (23, {"duplicate": 19 * 3})


def test_only_the_clauses_that_are_missing_are_asked_about_again_and_only_once(library: Library, folder: Path) -> None:
    def half(shown: Mapping[str, str]) -> str:
        return "\n".join(_row(handle, label) for handle, label in list(shown.items())[::2])

    model = _Model(half)
    done = _run(library, model, folder)
    assert model.asked[:3] == [
        ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4"],
        ["1.2", "1.4", "2.2", "2.4"],
        ["3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "4.4"],
    ]
    assert [clause.id for clause in done.missing] == ["1.4", "2.4", "3.4", "4.4", "5.4"]
    assert set(_kept(folder, library)) == {clause.id for clause in searchable(library)} - {clause.id for clause in done.missing}
    again = _Model(_good)
    assert _run(library, again, folder).missing == ()
    assert again.asked == [["1.4", "2.4", "3.4", "4.4", "5.4"]]


def test_a_clause_with_too_few_good_questions_is_asked_about_again_and_keeps_those_of_both_replies(library: Library, folder: Path) -> None:
    few = _says(_row("C1", "", ["为何要办", "为何要办", "何时要办"]))
    model = _Model(few, lambda shown: _row("C1", "", ["不办会怎样", "何时要办"]), _good)
    done = enrich(searchable(library)[:1], Links(library.clauses()), model, _PROMPT, folder)
    assert [question.text for question in _kept(folder, library)["1.1"]] == ["为何要办", "何时要办", "不办会怎样"]
    assert (len(model.told), done.kept, done.dropped, done.missing) == (2, 3, {"duplicate": 2}, ())


def test_a_model_that_never_keeps_to_the_form_is_asked_twice_a_batch_and_nothing_is_kept(library: Library, folder: Path) -> None:
    model = _Model(_says('{"handle":"C1","questions":[{"voice":"plain","text":"能'))
    done = _run(library, model, folder)
    assert len(model.told) == 6
    assert (done.kept, len(done.missing), done.failure) == (0, 20, None)
    assert not list(folder.glob("*.jsonl"))


def test_questions_for_a_clause_that_was_not_shown_are_counted_and_go_nowhere(library: Library, folder: Path) -> None:
    model = _Model(lambda shown: _good(shown) + "\n" + _row("C99", "旁的") + "\n" + _row("第一条", "旁的"))
    done = _run(library, model, folder)
    assert (done.kept, done.dropped) == (160, {"unknown_clause": 3 * 16})


def test_a_batch_that_the_model_refuses_is_left_for_the_next_run_and_told(library: Library, folder: Path) -> None:
    def refuses(shown: Mapping[str, str]) -> str:
        if "《cloud协议》3.1" in shown.values():
            raise ModelError("模型 scripted 出错：内容不合规")
        return _good(shown)

    done = _run(library, _Model(refuses), folder)
    assert [clause.id for clause in done.missing] == ["3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "4.4"]
    assert (done.clauses, done.kept, done.failure) == (20, 96, "模型 scripted 出错：内容不合规")
    assert len(_kept(folder, library)) == 12


def test_what_a_batch_had_is_kept_when_the_model_fails_at_asking_again(library: Library, folder: Path) -> None:
    model = _Model(lambda shown: _row("C1", shown["C1"]), _fails)
    done = _run(library, model, folder)
    assert list(_kept(folder, library)) == ["1.1"]
    assert (done.kept, len(done.missing)) == (8, 19)


def test_a_model_that_is_gone_ends_the_run_and_what_was_done_is_kept(make_library: MakeLibrary, folder: Path) -> None:
    library = make_library({"cloud": _text(9), "rain": _text(9)})
    model = _Model(_good, _good, _fails)
    done = _run(library, model, folder)
    assert len(model.told) == 2 + 3  # of ten batches
    assert done.failure == "模型 scripted 的服务限流，请稍后再问"
    assert (done.clauses, done.kept, len(done.missing)) == (72, 16 * 8, 56)
    again = _Model(_good)
    assert _run(library, again, folder).missing == ()
    assert sum(map(len, again.asked)) == 56


def test_failures_with_successes_between_them_do_not_end_the_run(make_library: MakeLibrary, folder: Path) -> None:
    library = make_library({"cloud": _text(9), "rain": _text(9)})

    def refuses(shown: Mapping[str, str]) -> str:
        if any(label.endswith(("》1.1", "》5.1", "》9.1")) for label in shown.values()):
            raise ModelError("模型 scripted 出错：内容不合规")
        return _good(shown)

    done = _run(library, _Model(refuses), folder)  # refused: the first, third and fifth batch of each agreement
    assert (len(done.missing), done.kept) == (2 * (8 + 8 + 4), 2 * 16 * 8)


def test_an_error_of_our_own_ends_the_run_and_what_was_done_is_kept(library: Library, folder: Path) -> None:
    def breaks(shown: Mapping[str, str]) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _run(library, _Model(_good, breaks), folder)
    assert len(_kept(folder, library)) == 8


def test_a_run_over_what_is_there_asks_nothing(library: Library, folder: Path) -> None:
    _run(library, _Model(_good), folder)
    before = (folder / "cloud.questions.jsonl").read_bytes()
    ticks: list[None] = []
    model = _Model(_fails)
    done = _run(library, model, folder, tick=lambda: ticks.append(None))
    assert (done.clauses, done.kept, done.missing, done.failure, model.told) == (0, 0, (), None, [])
    assert len(ticks) == 20
    assert (folder / "cloud.questions.jsonl").read_bytes() == before


def test_a_clause_that_was_reworded_is_asked_about_anew_and_its_old_questions_are_gone(make_library: MakeLibrary, folder: Path) -> None:
    _run(make_library({"cloud": _text(2)}), _Model(_good), folder)
    library = make_library({"cloud": _text(2).replace("第 12 日", "第 13 日").replace("2.4 ", "2.5 ")})
    model = _Model(lambda shown: "\n".join(_row(h, "", [f"{label}新问{n}" for n in range(4)]) for h, label in shown.items()))
    done = _run(library, model, folder)
    assert model.asked == [["1.2", "2.5"]]
    assert (done.clauses, done.kept) == (2, 8)
    kept = _kept(folder, library)
    assert [question.text for question in kept["1.2"]] == [f"《cloud协议》1.2新问{n}" for n in range(4)]
    assert set(kept) == {"1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.5"}


def test_a_damaged_line_costs_its_own_clause_only(library: Library, folder: Path) -> None:
    _run(library, _Model(_good), folder)
    path = folder / "cloud.questions.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([b"\xff\x00\n", b"7\n", lines[0][:50] + b"\n", *lines[1:]]))
    model = _Model(_good)
    _run(library, model, folder)
    assert model.asked == [["1.1"]]
    assert len(_kept(folder, library)) == 20


def _enrich_until_killed(url: str, folder: Path) -> None:
    """In a process of its own: the third batch kills it while the model is thinking."""
    library = Library(url)

    def dies(shown: Mapping[str, str]) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    _run(library, _Model(_good, _good, dies), folder)


def test_a_killed_run_goes_on_where_it_was_killed(library: Library, folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'library.db'}"
    process = multiprocessing.get_context("spawn").Process(target=_enrich_until_killed, args=(url, folder))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert len(_kept(folder, library)) == 16
    model = _Model(_good)
    done = _run(library, model, folder)
    assert model.asked == [["5.1", "5.2", "5.3", "5.4"]]
    assert (done.clauses, done.kept, len(_kept(folder, library))) == (4, 32, 20)


def test_a_kill_in_the_midst_of_writing_leaves_the_old_file(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(path: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    _run(library, _Model(_good, _fails), folder)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            _run(library, _Model(_good), folder)
    assert len(_kept(folder, library)) == 8
    assert _run(library, _Model(_good), folder).clauses == 12
    assert len(_kept(folder, library)) == 20


def test_an_interrupt_asks_nothing_more_and_keeps_what_is_under_way(make_library: MakeLibrary, folder: Path) -> None:
    library = make_library({"cloud": _text(9)})
    under_way, interrupted = threading.Event(), threading.Event()

    def slow(shown: Mapping[str, str]) -> str:
        under_way.set()
        interrupted.wait(10)
        return _good(shown)

    def interrupt() -> None:
        under_way.wait(10)
        interrupted.set()
        raise KeyboardInterrupt

    model = _Model(_good, slow)
    with pytest.raises(KeyboardInterrupt):
        _run(library, model, folder, tick=interrupt)
    assert 2 <= len(model.told) <= 3  # of five batches
    assert len(_kept(folder, library)) == 8 * len(model.told)


def test_batches_are_asked_for_side_by_side_but_no_more_than_are_allowed(make_library: MakeLibrary, folder: Path) -> None:
    library = make_library({"cloud": _text(9), "rain": _text(3)})
    meeting, count, most = threading.Barrier(3), [0], [0]
    lock = threading.Lock()

    def together(shown: Mapping[str, str]) -> str:
        with lock:
            count[0] += 1
            most[0] = max(most[0], count[0])
        if len(model.told) <= 3:
            meeting.wait(10)  # breaks unless three are under way at once
        with lock:
            count[0] -= 1
        return _good(shown)

    model = _Model(together)
    done = _run(library, model, folder, parallel=3)
    assert most == [3]
    assert (done.missing, len(_kept(folder, library)), len(_kept(folder, library, "rain"))) == ((), 36, 12)


def test_tokens_are_summed_over_all_calls_and_priced_by_the_million(library: Library, folder: Path) -> None:
    model = _Model(_says("无"), _good)
    done = _run(library, model, folder, prices=(2.0, 8.0))
    assert len(model.told) == 4
    assert (done.prompt_tokens, done.completion_tokens) == (4000, 2000)
    assert done.cost == pytest.approx(4000 * 2e-6 + 2000 * 8e-6)
    assert _run(library, model, folder).cost is None


def test_no_model_is_told_in_one_sentence_and_only_when_one_is_needed(library: Library, folder: Path) -> None:
    with pytest.raises(ModelError, match="WENYUE_MODEL") as caught:
        _run(library, None, folder)
    assert "\n" not in str(caught.value)
    _run(library, _Model(_good), folder)
    assert _run(library, None, folder).missing == ()


def test_a_second_process_is_sent_away(library: Library, folder: Path) -> None:
    folder.mkdir()
    model = _Model(_good)
    with FileLock(folder / "writing.lock"), ThreadPoolExecutor(1) as elsewhere:
        second = elsewhere.submit(_run, library, model, folder)
        with pytest.raises(StorageError, match="another process is writing questions"):
            second.result()
    assert not model.told


def test_a_folder_that_cannot_be_used_is_told_before_anything_is_paid_for(library: Library, folder: Path) -> None:
    folder.write_text("", encoding="utf-8")
    model = _Model(_good)
    with pytest.raises(StorageError, match=r"cannot write in .*; set WENYUE_HOME"):
        _run(library, model, folder)
    assert not model.told


def _hit(library: Library, number: str, score: float) -> Hit:
    return Hit(next(clause for clause in library.clauses() if clause.id == number), score)


def test_a_question_that_finds_another_clause_better_is_dropped_and_counted(library: Library, folder: Path) -> None:
    asked: list[tuple[str, Collection[str]]] = []

    def find(question: str, agreements: Collection[str]) -> list[Hit]:
        asked.append((question, agreements))
        assert len(_kept(folder, library)) == 20  # everything is written before the first question is looked for
        ranked = {
            "《cloud协议》1.1第0问": [_hit(library, "2.2", 0.9), _hit(library, "1.1", 0.8)],
            "《cloud协议》1.1第1问": [_hit(library, "2.2", 0.9)],
            "《cloud协议》1.1第2问": [_hit(library, "2.2", 0.9), _hit(library, "1.1", 0.9)],
            "《cloud协议》1.1第3问": [_hit(library, "1.1", 0.9), _hit(library, "2.2", 0.8)],
        }
        return ranked.get(question, [])

    done = _run(library, _Model(_good), folder, find=find)
    assert (done.kept, done.dropped, done.missing) == (158, {"found_elsewhere": 2}, ())
    assert [question.text[-2] for question in _kept(folder, library)["1.1"]] == list("234567")
    assert len(asked) == 160
    assert all(agreements == ["cloud"] for _, agreements in asked)


def test_questions_are_looked_for_once_also_those_that_a_killed_run_wrote(library: Library, folder: Path) -> None:
    asked: list[str] = []

    def find(question: str, agreements: Collection[str]) -> list[Hit]:
        asked.append(question)
        return []

    _run(library, _Model(_good), folder)
    for _ in range(2):
        enrich([], Links(library.clauses()), None, _PROMPT, folder, find=find)
        assert len(set(asked)) == len(asked) == 160
    assert len(_kept(folder, library)) == 20


def test_a_clause_none_of_whose_questions_finds_it_is_missing_again(library: Library, folder: Path) -> None:
    def find(question: str, agreements: Collection[str]) -> list[Hit]:
        return [_hit(library, "2.2", 0.9)] if question.startswith("《cloud协议》1.1") else []

    done = _run(library, _Model(_good), folder, find=find)
    assert [clause.id for clause in done.missing] == ["1.1"]
    assert (done.kept, done.dropped) == (152, {"found_elsewhere": 8})
    assert "1.1" not in _kept(folder, library)


class _Asked:
    """A library together with the questions of a folder."""

    def __init__(self, library: Library, folder: Path) -> None:
        self._library = library
        self._likely = {("cloud", name): questions for name, questions in _kept(folder, library).items()}
        self.version = "asked"

    def clauses(self) -> list[Clause]:
        return self._library.clauses()

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]:
        return self._likely


def test_the_real_search_drops_a_question_written_for_the_wrong_clause(make_library: MakeLibrary, folder: Path, tmp_path: Path) -> None:
    """Of 1.1 is asked what 2.1 says, and what 2.1 is asked too, a little otherwise."""
    text = "第一条 费用\n1.1 服务费按月收取，逾期加收违约金。\n第二条 退款\n2.1 开通后七日内可以申请全额退款。\n"
    library = make_library({"cloud": text})
    written = {
        "《cloud协议》1.1": ["每个月几号扣钱", "晚交要多付钱吗", "拖着不给会怎样", "开通后七日内全额退款吗"],
        "《cloud协议》2.1": ["开通后七日内可以申请退款吗", "开通七日内能全额退款吗", "七日内申请全额退款", "刚开通想退钱"],
    }
    index: list[Index] = []

    def find(question: str, agreements: Collection[str]) -> list[Hit]:
        if not index:
            index.append(open_index(tmp_path, _Asked(library, folder)))
        return Search(index[0], Ranking.load(), Lexicon.load()).find(question, agreements)

    done = _run(library, _Model(lambda s: "\n".join(_row(h, "", written[label]) for h, label in s.items())), folder, find=find)
    index[0].close()
    assert done.dropped == {"found_elsewhere": 1}
    assert {name: [q.text for q in asked] for name, asked in _kept(folder, library).items()} == {
        "1.1": written["《cloud协议》1.1"][:3],
        "2.1": written["《cloud协议》2.1"],
    }
