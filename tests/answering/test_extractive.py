from __future__ import annotations

import pytest

from answering.evidence import Exhibit, exhibit
from answering.extractive import extract, quote_of
from retrieval.clause import Clause, Kind
from retrieval.library import Library
from retrieval.links import Links


def _exhibit(text: str, lead_in: str = "") -> Exhibit:
    clause = Clause("x", "1.1", "1.1", 1, Kind.CLAUSE, 2, None, "", text, False, "《某协议》1.1")
    return Exhibit("C1", clause, "", lead_in)


_FILLING = "用户应当按照页面的提示完成操作并对其真实性负责，服务方将依照法律法规的要求保存相应的日志与记录，以备主管部门查询与核对。"


def test_a_short_clause_is_quoted_whole() -> None:
    text = "发票不可重复开具。信息有误的，责任自负。"
    assert quote_of("发票可以重开吗", _exhibit(text)) == text


def test_a_clause_of_180_characters_is_short_and_one_of_181_is_not() -> None:
    for length, whole in ((180, True), (181, False)):
        text = "发票不可重复开具。" + (_FILLING * 4)[: length - 10] + "。"
        assert len(text) == length
        assert (quote_of("发票可以重开吗", _exhibit(text)) == text) is whole


def test_of_a_long_clause_the_sentence_that_answers_is_quoted() -> None:
    text = f"{_FILLING}{_FILLING}发票不可重复开具。{_FILLING}"
    assert quote_of("发票可以重复开具吗", _exhibit(text)) == "发票不可重复开具。"


def test_the_sentence_that_limits_it_comes_along() -> None:
    text = f"{_FILLING}{_FILLING}发票不可重复开具。但因服务方的原因开错的除外。{_FILLING}"
    assert quote_of("发票可以重复开具吗", _exhibit(text)) == "发票不可重复开具。但因服务方的原因开错的除外。"


def test_a_clause_over_several_paragraphs_is_quoted_in_one_piece() -> None:
    text = f"{_FILLING}{_FILLING}\n发票不可重复开具。\n但因服务方的原因开错的除外。\n{_FILLING}"
    quote = quote_of("发票可以重复开具吗", _exhibit(text))
    assert quote in text
    assert quote.startswith("发票不可重复开具。")
    assert quote.endswith("除外。")


def test_a_question_that_shares_nothing_gets_the_first_sentence() -> None:
    text = _FILLING * 4
    assert quote_of("xyz", _exhibit(text)) == _FILLING


def test_a_claim_is_the_lead_in_and_the_quote_with_the_handle_of_the_clause() -> None:
    claim = extract("可以转让账号吗", [_exhibit("转让账号；", "您不得从事下列行为：")])[0]
    assert (claim.text, claim.handles) == ("您不得从事下列行为：转让账号；", ("C1",))


def test_every_exhibit_gives_one_claim() -> None:
    assert extract("发票", []) == []
    assert len(extract("发票", [_exhibit("一。"), _exhibit("二。")])) == 2


@pytest.mark.parametrize("question", ["可以退款吗", "账号能转让吗", "个人信息怎么处理", "7天", "?"])
def test_whatever_is_asked_the_quote_is_a_contiguous_piece_of_the_clause(question: str, shipped: Library) -> None:
    links = Links(shipped.clauses())
    for shown in exhibit([clause for clause in shipped.clauses() if clause.text], links):
        quote = quote_of(question, shown)
        assert quote
        assert quote in shown.clause.text
