"""What bears on the clauses of the shipped agreements, and of small ones made for the purpose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from answering.answer import Answer, Citation
from answering.answerer import Answerer
from answering.bearings import Bearing, Bearings
from answering.models import ChatModel, Completion
from retrieval.clause import Clause
from retrieval.library import Library
from retrieval.links import Links
from tests.scripted import SaysAtOnce

MakeAnswerer = Callable[[ChatModel | None], Answerer]


@pytest.fixture(scope="module")
def links(shipped: Library) -> Links:
    return Links(shipped.clauses())


@pytest.fixture(scope="module")
def bearings(shipped: Library, links: Links) -> Bearings:
    return Bearings(shipped, links)


@pytest.fixture(scope="module")
def of(bearings: Bearings, links: Links) -> Callable[..., Bearing]:
    def of(agreement: str, clause: str, question: str = "", **more: object) -> Bearing:
        return bearings.of(_clause(links, agreement, clause), question, **more)  # type: ignore[arg-type]

    return of


def _clause(links: Links, agreement: str, id_: str) -> Clause:
    found = links.clause(agreement, id_)
    assert found is not None
    return found


def _refers(bearing: Bearing) -> list[tuple[str, str]]:
    return [referred.clause.ref for referred in bearing.refers]


def _defines(bearing: Bearing) -> list[tuple[str, str]]:
    return [(defined.term, defined.clause.id) for defined in bearing.defines]


@pytest.mark.parametrize(
    ("agreement", "clause", "refers"),
    [
        ("archive", "5.2.3", [("archive", "7.2.3"), ("archive", "2.3.1")]),
        ("archive", "6.1（3）", [("archive", "五")]),
        ("archive", "6.2（1）", [("archive", "6.1"), ("archive", "附件")]),
        ("archive", "2.3.2", [("wework", "14.1")]),
        ("archive", "4.1", [("wework", "六")]),
        ("archive", "附件/5.3.2", [("archive", "附件/5.4")]),
        ("weka", "2.2.4", [("weka", "2.2.1")]),
    ],
)
def test_a_clause_brings_the_clauses_it_refers_to(
    agreement: str, clause: str, refers: list[tuple[str, str]], of: Callable[..., Bearing]
) -> None:
    assert _refers(of(agreement, clause)) == refers


@pytest.mark.parametrize(("agreement", "clause"), [("qidian", "4.10"), ("wework", "2.3.3"), ("lexiang", "4.4.2.5"), ("weka", "4.4.1")])
def test_neither_itself_nor_what_stands_above_it(agreement: str, clause: str, of: Callable[..., Bearing]) -> None:
    assert of(agreement, clause).refers == ()


def test_what_is_shown_anyway_is_not_brought(of: Callable[..., Bearing], links: Links) -> None:
    shown = [_clause(links, "archive", "7.2.3"), _clause(links, "qidian", "1.13")]
    assert _refers(of("archive", "5.2.3", besides=shown)) == [("archive", "2.3.1")]
    assert _defines(of("qidian", "9.1", besides=shown)) == []


def test_an_item_brings_what_the_sentence_that_introduces_it_refers_to(of: Callable[..., Bearing]) -> None:
    assert {("archive", "8.2"), ("archive", "8.3"), ("archive", "8.4")} <= set(_refers(of("archive", "8.5（e）")))


def test_a_clause_referred_to_comes_with_the_sentence_that_introduces_it(of: Callable[..., Bearing]) -> None:
    first, second = of("archive", "5.2.3").refers
    assert (first.clause.id, first.under) == ("7.2.3", "发生下列情形之一的，服务期限终止：")
    assert (second.clause.id, second.under) == ("2.3.1", "")


@pytest.mark.parametrize(
    ("agreement", "clause", "unheld"),
    [
        ("wework", "1.2", ("腾讯服务协议",)),
        ("weka", "1.3.1", ("腾讯服务协议", "腾讯微信软件许可及服务协议")),
        ("lexiang", "5.2.1", ("腾讯乐享隐私保护指引",)),
        ("archive", "1.3", ()),  # 通用服务协议, which is held
        ("archive", "4.2.7", ()),  # 《网络安全法》 and other laws
    ],
)
def test_agreements_that_are_not_held_are_named_and_laws_are_not(
    agreement: str, clause: str, unheld: tuple[str, ...], of: Callable[..., Bearing]
) -> None:
    assert of(agreement, clause).unheld == unheld


@pytest.mark.parametrize(
    ("agreement", "clause", "defines"),
    [
        ("qidian", "9.1", [("不可抗力", "1.13")]),
        ("qidian", "4.9", [("增值服务", "1.11")]),
        ("wework", "7.2.2", [("最终用户", "1.1")]),
        ("archive", "1.3", [("通用服务协议", "前言")]),
        ("archive", "8.3", [("保密信息", "8.1")]),  # one term of the sentence that defines four of them
        ("archive", "7.1", []),  # 最终用户 is defined by other agreements only
        ("lexiang", "3.2.1", []),  # 账号: only short for 企业账号
        ("lexiang", "4.2", []),  # 腾讯, 腾讯乐享: whoever asks knows
    ],
)
def test_a_clause_brings_the_definitions_of_its_terms(
    agreement: str, clause: str, defines: list[tuple[str, str]], of: Callable[..., Bearing]
) -> None:
    assert _defines(of(agreement, clause, "腾讯怎么说")) == defines


def test_a_term_that_stands_everywhere_is_explained_to_whoever_asks_about_it(of: Callable[..., Bearing]) -> None:
    assert _defines(of("qidian", "4.7", "几天内可以无条件退款")) == []
    assert _defines(of("qidian", "4.7", "企业级产品几天内可以无条件退款")) == [("企业级产品", "1.10")]


def test_of_many_terms_those_asked_about_go_first(of: Callable[..., Bearing]) -> None:
    assert _defines(of("wework", "7.1.1"))[0] == ("最终用户", "1.1")
    assert _defines(of("lexiang", "3.1.4"))[0] == ("个人用户", "1.1")
    assert _defines(of("lexiang", "3.1.4", "企业用户授权之后呢"))[0] == ("企业用户", "1.1")


def test_of_a_quoted_clause_only_the_paragraph_of_the_quote_is_read(of: Callable[..., Bearing]) -> None:
    whole = of("lexiang", "前言")
    assert _defines(whole) == [("单独协议", "1.3.3")]
    assert set(whole.unheld) == {"腾讯服务协议", "儿童隐私保护声明"}
    quoted = of("lexiang", "前言", quote="为使用腾讯乐享平台服务")
    assert (_defines(quoted), quoted.unheld) == ([], ("腾讯服务协议",))


def test_every_clause_brings_little_nothing_twice_and_no_definition_of_another_agreement(bearings: Bearings, shipped: Library) -> None:
    referring = defining = 0
    for clause in shipped.clauses():
        bearing = bearings.of(clause)
        refs = [*_refers(bearing), *(defined.clause.ref for defined in bearing.defines)]
        assert clause.ref not in refs
        assert len(set(_refers(bearing))) == len(bearing.refers) <= 4
        assert len(bearing.defines) <= 2
        assert not {defined.clause.ref for defined in bearing.defines} & set(_refers(bearing))
        for defined in bearing.defines:
            assert defined.clause.agreement == clause.agreement
            assert defined.sentence in defined.clause.text
        referring += bool(bearing.refers)
        defining += bool(bearing.defines)
    assert referring >= 15
    assert defining >= 40


_ANNEXED = """第一条 服务

1.1 “云盘”是指存放文件的服务。

1.2 “响应”是指答复客户。

1.3 云盘的故障应在两小时内响应。

1.4 违反第1.1条至第1.6条的，应当赔偿。

1.5 甲方付款。

1.6 乙方开票。

附件一：服务标准

1. 用语

“响应”是指派人到场。

2. 时限

云盘的故障应在一日内响应。
"""


def _made(library: Library) -> Callable[[str], Bearing]:
    links = Links(library.clauses())
    bearings = Bearings(library, links)
    return lambda id_: bearings.of(_clause(links, "ours", id_))


def test_a_definition_in_an_annex_holds_in_the_annex_and_goes_first_there(make_library: Callable[[Mapping[str, str]], Library]) -> None:
    of = _made(make_library({"ours": _ANNEXED}))
    assert _defines(of("1.3")) == [("云盘", "1.1"), ("响应", "1.2")]
    assert sorted(_defines(of("附件一/2"))) == [("云盘", "1.1"), ("响应", "附件一/1")]


def test_a_reference_to_more_clauses_than_help_is_left_out_whole(make_library: Callable[[Mapping[str, str]], Library]) -> None:
    of = _made(make_library({"ours": _ANNEXED}))
    assert _refers(of("1.4")) == []
    of = _made(make_library({"ours": _ANNEXED.replace("第1.1条至第1.6条", "第1.1条、第1.2条")}))
    assert _refers(of("1.4")) == [("ours", "1.1"), ("ours", "1.2")]


def test_beneath_the_citations_of_an_answer_stands_nothing_that_is_cited(bearings: Bearings, links: Links) -> None:
    one, other = _clause(links, "archive", "5.2.3"), _clause(links, "archive", "7.2.3")
    first, second = bearings.beneath([Citation(one, one.text), Citation(other, other.text)], "")
    assert [referred.clause.ref for referred in first.refers] == [("archive", "2.3.1")]
    assert (first.clause, second.clause) == (one, other)


def test_a_clause_that_is_brought_before_a_model_comes_with_what_stands_under_it(bearings: Bearings, links: Links) -> None:
    brought = bearings.brought([_clause(links, "archive", "附件/5.3.2")], "")
    assert [(clause.id, why) for clause, why in brought.items()] == [
        ("附件/5.4.1", "被提到的条款"),
        ("附件/5.4.2", "被提到的条款"),
        ("附件/5.4.2表", "被提到的条款"),
    ]
    long = bearings.brought([_clause(links, "archive", "4.1")], "")
    assert [(clause.ref, why) for clause, why in long.items()] == [(("archive", "前言"), "“通用服务协议”的定义")]


class _Citing(SaysAtOnce):
    """A chat model that says a sentence of a clause it was shown because another refers to it, and remembers what it was told."""

    name = "citing"

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        self.told = user
        shown = re.search(r"^\[(C\d+)\] 《腾讯企业微信软件许可及服务协议》14\.1.*\n附上：被提到的条款\n(.+?)。", user, re.M)
        assert shown, "the clause referred to was not shown to the model"
        return Completion(f"{shown[2]}[{shown[1]}]。", 10, 10)


def test_a_model_is_shown_what_bears_on_the_best_clauses_after_all_that_were_found_and_may_cite_it(make_answerer: MakeAnswerer) -> None:
    model = _Citing()
    answer = make_answerer(model).answer("会话存档的条款改了我照用，算我同意了？")
    assert (answer.model, _cited(answer)) == ("citing", [("wework", "14.1")])
    heads = re.findall(r"^\[C(\d+)\] .*\n(附上：)?", model.told, re.M)
    assert [int(handle) for handle, _ in heads] == list(range(1, len(heads) + 1))
    marks = [bool(mark) for _, mark in heads]
    assert marks == sorted(marks)
    assert any(marks)


def test_without_a_model_the_citations_carry_it_and_the_answer_rests_on_it_no_more_than_before(answerer: Answerer) -> None:
    answer = answerer.answer("企点的短信群发包买了之后可以退款吗？")
    cited = next(citation for citation in answer.citations if citation.clause.id == "4.9")
    assert [(defined.term, defined.clause.ref) for defined in cited.defines] == [("增值服务", ("qidian", "1.11"))]
    assert ("qidian", "1.11") not in _cited(answer)
    assert "1.11" not in answer.text


def _cited(answer: Answer) -> list[tuple[str, str]]:
    return [citation.clause.ref for citation in answer.citations]
