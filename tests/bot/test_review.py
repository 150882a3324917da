"""The review list: what comes into it, what is decided about it, and what becomes of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from answering.answer import Answer, Reason, Status, Withheld
from bot.access import Access
from bot.inbox import Inbox
from bot.place import Place
from bot.privacy.keeping import Keeping
from bot.privacy.notices import Notices
from bot.records import Records
from bot.review.cases import anchor_of, cases_of
from bot.review.deciding import Deciding, NotDecided, clause_in
from bot.review.decisions import CASE, LIKELY, Decisions
from bot.review.hints import hints
from bot.review.items import Item, NoSuchItem, Review
from bot.review.questions import AskedQuestions
from bot.stores import Stores
from bot.votes import Votes
from eval.questions import load_questions, problems
from retrieval.clause import Hit
from retrieval.library import Library

_GROUP = Place("telegram", "-1", "", "ann")
_PRINTER = "企点送打印机吗"


@dataclass
class _List:
    url: str
    records: Records
    votes: Votes
    review: Review
    deciding: Deciding
    asked: AskedQuestions
    library: Library
    taken_in: list[int]

    def refuse(self, question: str, place: Place = _GROUP, status: Status = Status.NOT_COVERED, **more: object) -> str:
        """Keep a refusal; the id of its record."""
        hits = tuple(Hit(clause, 0.5) for clause in self.library.clauses(["qidian"])[5:8])
        answer = replace(Answer(question, question, status, retrieved=hits), **more)  # type: ignore[arg-type]
        record = self.records.keep(place, answer, fingerprint="f")
        assert record
        return record

    def only(self, **filters: str) -> Item:
        [item] = self.review.items(**filters)
        return item

    def decide(self, verdict: str, *clauses: str, **more: object) -> Item:
        item = self.review.items(state="all")[0]
        self.deciding.decide(item, verdict, [clause_in(clause) for clause in clauses], **more)  # type: ignore[arg-type]
        return self.review.get(item.id)


@pytest.fixture
def make_list(shipped: Library, tmp_path: Path) -> Iterator[Callable[..., _List]]:
    url = f"sqlite:///{tmp_path / 'review.db'}"
    made: list[_List] = []

    def make(days: float = 180) -> _List:
        records, votes, taken_in = Records(url, days), Votes(url), []
        review, asked = Review(records, votes, Decisions(url)), AskedQuestions(tmp_path / "enriched")
        deciding = Deciding(review, asked, lambda: shipped, lambda: taken_in.append(1))
        made.append(_List(url, records, votes, review, deciding, asked, shipped, taken_in))
        return made[-1]

    yield make
    for one in made:
        one.records.close()
        one.votes.close()
        one.review.decisions.close()


@pytest.fixture
def listed(make_list: Callable[..., _List]) -> _List:
    return make_list()


def test_the_same_question_is_one_item_whoever_asked_it_and_wherever(listed: _List) -> None:
    for number in range(10):
        listed.refuse(
            "企点送打印机吗" + "？" * (number % 2), Place(("telegram", "wecom", "web")[number % 3], str(number), "", f"who{number}")
        )
    listed.refuse("企點送打印機嗎", Place("terminal"))
    item = listed.only()
    assert (item.count, item.whys) == (11, ("not_covered",))
    assert set(item.channels) == {"telegram", "wecom", "web", "terminal"}


def test_nobodys_name_and_no_chat_is_in_what_is_shown_of_an_item(listed: _List) -> None:
    record = listed.refuse(_PRINTER, Place("telegram", "-100777", "55", "4242"))
    listed.votes.cast(record, "telegram", "9898", "down", "clause")
    told = json.dumps(listed.only().whole_json(), ensure_ascii=False)
    assert not [secret for secret in ("-100777", "4242", "9898") if secret in told]
    assert listed.only().reasons == ("clause",)


def test_what_was_answered_well_or_needed_a_choice_is_not_in_the_list_but_a_vote_against_it_is(listed: _List) -> None:
    kept = {status: listed.refuse(f"问题 {status}", status=status) for status in Status}
    shown = {item.record.status for item in listed.review.items()}
    assert shown == {"not_covered", "out_of_scope", "error"}
    listed.votes.cast(kept[Status.ANSWERED], "web", "x", "up")
    assert len(listed.review.items()) == 3
    listed.votes.cast(kept[Status.ANSWERED], "web", "y", "down", "看不懂")
    [item] = listed.review.items(why="down")
    assert (item.record.id, item.down, item.reasons) == (kept[Status.ANSWERED], 1, ("看不懂",))


def test_an_answer_of_which_every_sentence_was_withheld_says_so(listed: _List) -> None:
    listed.refuse(_PRINTER, withheld=(Withheld("三十天", Reason.FIGURE_NOT_IN_CLAUSE),))
    assert listed.only(why="withheld").whys == ("not_covered", "withheld")


def test_the_most_frequent_or_the_newest_stand_first(listed: _List) -> None:
    for question in ("常问的", "常问的", "新问的"):
        listed.refuse(question)
    assert [item.question for item in listed.review.items()] == ["新问的", "常问的"]
    assert [item.question for item in listed.review.items(order="often")] == ["常问的", "新问的"]
    assert [item.question for item in listed.review.items(contains="常")] == ["常问的"]


def test_where_no_words_are_kept_nothing_is_in_the_list(make_list: Callable[..., _List]) -> None:
    listed = make_list(0)
    listed.refuse(_PRINTER)
    assert listed.review.items(state="all") == []
    assert not listed.review.is_kept


def test_what_an_asker_has_forgotten_is_gone_with_what_was_decided_about_it_and_others_keep_theirs(listed: _List) -> None:
    record = listed.refuse(_PRINTER)
    listed.refuse("另一个问题", replace(_GROUP, asker="bob"))
    for item in listed.review.items():
        listed.deciding.decide(item, "refuse", note="看过")
    listed.review.decisions.hand(record, listed.review.items(state="all", contains="打印机")[0].id)
    stores = Stores(
        Inbox(listed.url), Access(listed.url), listed.records, listed.votes, Notices(listed.url), Keeping(listed.url, 180)
    )  # fmt: skip
    stores.forget("telegram", "ann")
    assert [item.question for item in listed.review.items(state="all")] == ["另一个问题"]
    assert len(listed.review.decisions.all()) == 1
    assert listed.review.decisions.handed() == {}


def test_decisions_are_kept_no_longer_than_words_are(listed: _List, tmp_path: Path) -> None:
    listed.refuse(_PRINTER)
    listed.decide("refuse")
    later = datetime.now(UTC) + timedelta(days=181)
    Keeping(listed.url, 180, now=lambda: later).expire()
    assert listed.review.decisions.all() == {}


def test_a_decision_takes_an_item_out_of_the_open_ones_and_can_be_taken_back(listed: _List) -> None:
    listed.refuse(_PRINTER)
    item = listed.decide("wrong", "qidian#8.3", note="应引 8.3")
    assert listed.review.items() == []
    assert item.decision
    assert (item.decision.clauses, item.decision.note) == ((("qidian", "8.3"),), "应引 8.3")
    listed.deciding.reopen(item)
    assert listed.only().decision is None


@pytest.mark.parametrize(
    ("verdict", "clauses", "more", "said"),
    [
        ("wrong", [], {}, "请指定应当引用的条款"),
        ("wrong", ["qidian#8.33"], {}, r"qidian 没有条款 '8.33'；相近的有 8.1"),
        ("wrong", ["feishu#1"], {}, "feishu"),
        ("wrong", ["qidian#8.1", "qidian#8.3"], {"likely": True}, "只能指定一条"),
        ("right", [], {}, "没有给出回答"),
        ("refuse", ["qidian#8.1"], {}, "不带条款"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_a_sentence(
    listed: _List, verdict: str, clauses: list[str], more: dict[str, object], said: str
) -> None:
    listed.refuse(_PRINTER)
    with pytest.raises(NotDecided, match=said):
        listed.decide(verdict, *clauses, **more)
    assert listed.only().decision is None


@pytest.mark.parametrize("written", ["4.7", "#4.7", "qidian#", ""])
def test_a_clause_is_written_with_its_agreement(written: str) -> None:
    with pytest.raises(NotDecided, match=r"lexiang#2\.2\.3"):
        clause_in(written)


def test_an_occurrence_is_a_part_of_the_clause(listed: _List) -> None:
    listed.refuse(_PRINTER)
    item = listed.decide("wrong", "lexiang#2.2.3#2")
    assert item.decision
    assert item.decision.clauses == (("lexiang", "2.2.3#2"),)


def test_an_item_is_named_by_the_beginning_of_its_id(listed: _List) -> None:
    listed.refuse(_PRINTER)
    assert listed.review.get(listed.only().id[:4]).question == _PRINTER
    for nothing in ("zzz", ""):
        with pytest.raises(NoSuchItem):
            listed.review.get(nothing)


def test_cases_are_in_the_public_form_with_anchors_of_the_right_clause(listed: _List, tmp_path: Path) -> None:
    listed.refuse(_PRINTER)
    listed.decide("wrong", "lexiang#2.2.3#2", "qidian#4.7", note="两条")
    listed.refuse("讲个笑话", status=Status.OUT_OF_SCOPE)
    listed.decide("refuse")
    listed.refuse("不管它")
    listed.decide("dismissed")
    found = cases_of(listed.review.items(state="decided"), listed.library, listed.asked.all())
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found.cases.values()), encoding="utf-8")
    refusal, answer = load_questions([file])
    assert problems([refusal, answer], listed.library) == []
    assert (refusal.expect, refusal.style, answer.expect, answer.note) == ("refuse", "out_of_scope", "answer", "两条")
    assert answer.agreements == ("qidian",)


def test_every_clause_that_can_be_told_from_the_others_has_an_anchor(listed: _List) -> None:
    clauses = listed.library.clauses()
    texts = {clause.ref: "".join(clause.content.split()).replace("|", "") for clause in clauses}
    for clause in [clause for clause in clauses if len(texts[clause.ref]) >= 30]:
        anchor = "".join(anchor_of(clause, clauses).split())
        assert 8 <= len(anchor) <= 25
        text, others = texts[clause.ref], [text for ref, text in texts.items() if ref[0] == clause.agreement and ref != clause.ref]
        assert anchor in text
        if any(anchor in other for other in others):
            assert all(
                any(text[at : at + 25] in other for other in others) for at in range(len("".join(clause.heading.split())), len(text) - 24)
            )


def test_a_question_that_looks_like_a_persons_data_is_not_exported_silently(listed: _List) -> None:
    listed.refuse("我叫李雷，电话 13812345678，能退吗")
    item = listed.decide("refuse")
    found = cases_of([item], listed.library, [])
    assert not found.cases
    assert {hint.kind for hint in found.personal[item.id]} == {"人名", "电话"}
    assert list(cases_of([item], listed.library, [], anyway=[item.id]).cases) == [item.id]
    reworded = listed.decide("refuse", question="能退吗")
    assert cases_of([reworded], listed.library, []).cases[item.id]["question"] == "能退吗"


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("给 zhang.san@example.com 发发票行吗", ["邮箱"]),
        ("身份证 11010519491231002X 要交吗", ["证件号"]),
        ("王经理说可以退，对吗", ["人名"]),
        ("张三离职了账号归谁", ["人名"]),
        ("@韩梅梅 能退款吗", ["账号"]),
        ("电话 010-62789999 打不通", ["电话"]),
        ("企点开通几天内可以无条件退款？", []),
        ("4.6.1 写了什么", []),
        ("2025 年 3 月 1 日之前的 1234567890 元能退吗", []),
    ],
)
def test_what_looks_like_a_person_is_pointed_out(question: str, kinds: list[str]) -> None:
    assert [hint.kind for hint in hints(question)] == kinds


def test_a_question_that_teaches_does_not_measure(listed: _List) -> None:
    listed.refuse(_PRINTER)
    taught = listed.decide("wrong", "qidian#8.3", likely=True)
    assert taught.decision
    assert taught.decision.use == LIKELY
    assert [(taken.clause, taken.text) for taken in listed.asked.all()] == [("8.3", _PRINTER)]
    assert len(listed.taken_in) == 1
    assert cases_of([taught], listed.library, []).taught == [taught.id]
    listed.review.decisions.reopen(taught.id)  # also when nobody remembers that it was decided
    assert cases_of([listed.decide("wrong", "qidian#8.3")], listed.library, listed.asked.all()).taught == [taught.id]


def test_a_question_that_measures_does_not_teach(listed: _List) -> None:
    listed.refuse(_PRINTER)
    item = listed.decide("wrong", "qidian#8.3")
    listed.review.decisions.use([item.id], CASE)
    with pytest.raises(NotDecided, match=r"评测就不作数"):
        listed.decide("wrong", "qidian#8.3", likely=True)
    listed.refuse("打印机送不送")
    with pytest.raises(NotDecided, match=r"评测就不作数"):  # another question, reworded to the same
        listed.decide("wrong", "qidian#8.3", likely=True, question=f"{_PRINTER}？")
    assert listed.asked.all() == []
    with pytest.raises(NotDecided, match="不能撤回"):
        listed.deciding.reopen(listed.review.get(item.id))


def test_another_decision_takes_back_what_was_taught(listed: _List) -> None:
    listed.refuse(_PRINTER)
    listed.decide("wrong", "qidian#8.3", likely=True)
    listed.decide("wrong", "qidian#8.1", likely=True)
    assert [taken.clause for taken in listed.asked.all()] == ["8.1"]
    listed.decide("dismissed")
    assert listed.asked.all() == []
    assert len(listed.taken_in) == 3


def test_a_persons_data_is_not_taught_unless_somebody_has_looked(listed: _List) -> None:
    listed.refuse("李雷的打印机送吗")
    with pytest.raises(NotDecided, match=r"人名“李雷”"):
        listed.decide("wrong", "qidian#8.3", likely=True)
    assert listed.asked.all() == []
    listed.decide("wrong", "qidian#8.3", likely=True, anyway=True)
    assert len(listed.asked.all()) == 1
