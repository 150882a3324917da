from __future__ import annotations

import pytest

from answering import checks
from answering.answer import Reason
from answering.checks import LEAST, Case, Claim, failures, first_failure, is_verbatim, quote_fits, verbatim_piece
from answering.evidence import Exhibit, exhibit
from answering.extractive import quote_for, widened
from retrieval.clause import Clause, Kind
from retrieval.library import Library
from retrieval.links import Links

_LEASE = "乙方逾期支付租金超过 15 日的，甲方有权解除本合同，并不予退还押金。未经甲方书面同意，乙方不得将房屋转租给第三方。"
_REPAIR = "房屋的日常维修由甲方负责，乙方应当及时通知甲方；因乙方使用不当造成损坏的，由乙方承担维修费用。"
_CLOUD = "用户有权在开通后 7 个自然日内申请退款，平台应当在 5 个工作日内处理。平台不对用户数据的丢失承担任何责任。"
_SECRET = "接收方不得向任何第三方披露保密信息，但法律强制要求披露的除外，此时接收方应当立即通知披露方。"
_PAID = "只有在买方付清全部货款之后，货物的所有权才转移给买方。"


def _exhibit(handle: str, text: str, lead_in: str = "") -> Exhibit:
    clause = Clause("contract", handle, handle[1:], 1, Kind.CLAUSE, 1, None, "", text, False, f"《合同》{handle[1:]}")
    return Exhibit(handle, clause, "", lead_in)


def _check(statement: str, *texts: str, lead_in: str = "", handles: tuple[str, ...] = ("C1",), question: str = "") -> Reason | None:
    shown = {f"C{at}": _exhibit(f"C{at}", text, lead_in if at == 1 else "") for at, text in enumerate(texts, start=1)}
    return first_failure(Claim(statement, handles), Case(shown, question))


@pytest.mark.parametrize(
    ("statement", "clause"),
    [
        ("甲方可以解除合同，押金不退。", _LEASE),
        ("租金逾期超过15日的，甲方可以解除合同。", _LEASE),
        ("没有甲方的书面同意，乙方不能转租。", _LEASE),
        ("日常维修是甲方的责任，乙方要及时通知。", _REPAIR),
        ("乙方使用不当弄坏的，维修费用由乙方自己出。", _REPAIR),
        ("开通后七天内用户可以申请退款。", _CLOUD),
        ("开通后一周内用户可以申请退款。", _CLOUD),
        ("Users may apply for a refund within one week.", _CLOUD),
        ("数据丢失的，平台不负责任。", _CLOUD),
        ("接收方不能把保密信息披露给第三方。", _SECRET),
        ("法律强制要求披露的，可以披露保密信息，但要立即通知披露方。", _SECRET),
        ("买方没有付清货款的，货物的所有权不转移。", _PAID),
        ("Users may apply for a refund within 7 calendar days.", _CLOUD),
        ("The platform is not liable for loss of user data.", _CLOUD),
    ],
)
def test_an_honest_paraphrase_passes(statement: str, clause: str) -> None:
    assert _check(statement, clause) is None


@pytest.mark.parametrize(
    ("statement", "clause"),
    [
        ("逾期支付租金的，甲方无权解除本合同。", _LEASE),
        ("甲方应当退还押金。", _LEASE),
        ("未经甲方书面同意，乙方可以将房屋转租。", _LEASE),
        ("房屋的日常维修甲方不负责。", _REPAIR),
        ("乙方无需通知甲方。", _REPAIR),
        ("因乙方使用不当造成损坏的，乙方不承担维修费用。", _REPAIR),
        ("用户在开通后 7 个自然日内不得申请退款。", _CLOUD),
        ("平台对用户数据的丢失承担责任。", _CLOUD),
        ("接收方可以向第三方披露保密信息。", _SECRET),
        ("Users may not apply for a refund within 7 calendar days.", _CLOUD),
        ("The platform is liable for loss of user data.", _CLOUD),
    ],
)
def test_a_reversed_meaning_is_withheld(statement: str, clause: str) -> None:
    assert _check(statement, clause) is Reason.MEANING_REVERSED


@pytest.mark.parametrize(
    ("statement", "clause"),
    [
        ("甲方逾期支付租金的，乙方有权解除本合同。", _LEASE),
        ("未经乙方书面同意，甲方不得将房屋转租。", _LEASE),
        ("房屋的日常维修由乙方负责。", _REPAIR),
        ("平台有权在开通后 7 个自然日内申请退款。", _CLOUD),
        ("用户应当在 5 个工作日内处理。", _CLOUD),
        ("披露方不得向第三方披露保密信息。", _SECRET),
    ],
)
def test_a_right_or_duty_given_to_the_other_party_is_withheld(statement: str, clause: str) -> None:
    assert _check(statement, clause) is Reason.PARTIES_SWAPPED


@pytest.mark.parametrize(
    ("statement", "clause"),
    [
        ("租金逾期超过 20 日的，甲方可以解除合同。", _LEASE),
        ("开通后 7 个工作日内用户可以申请退款。", _CLOUD),
        ("开通后两周内用户可以申请退款。", _CLOUD),
        ("平台应当在一周内处理。", _CLOUD),
        (
            "开通后 5 个工作日内用户可以申请退款，7 个自然日内处理。",
            "用户可以在开通后 7 个工作日内申请退款。平台应当在 5 个工作日内处理退款。",
        ),
        ("Users may apply for a refund within 14 calendar days.", _CLOUD),
    ],
)
def test_a_figure_the_clause_does_not_hold_in_that_place_is_withheld(statement: str, clause: str) -> None:
    assert _check(statement, clause) is Reason.FIGURE_NOT_IN_CLAUSE


def test_the_lead_in_forbids_every_item_under_it() -> None:
    item, lead_in = "对软件进行反向工程；", "用户不得从事下列行为："
    assert _check("用户不得对软件进行反向工程。", item, lead_in=lead_in) is None
    assert _check(lead_in + item, item, lead_in=lead_in) is None
    assert _check("用户可以对软件进行反向工程。", item, lead_in=lead_in) is Reason.MEANING_REVERSED
    assert _check("用户可以从事下列行为：对软件进行反向工程；", item, lead_in=lead_in) is Reason.MEANING_REVERSED


@pytest.mark.parametrize("clause", [_LEASE, _REPAIR, _CLOUD, _SECRET, _PAID])
def test_the_words_of_a_clause_pass_as_they_stand(clause: str) -> None:
    assert _check(clause, clause) is None


@pytest.mark.parametrize(
    ("handles", "reason"),
    [((), Reason.NO_CITATION), (("C9",), Reason.UNKNOWN_HANDLE), (("C1", "C9"), Reason.UNKNOWN_HANDLE), (("C1",), None)],
)
def test_only_clauses_that_were_shown_can_be_cited(handles: tuple[str, ...], reason: Reason | None) -> None:
    assert _check("甲方有权解除本合同。", _LEASE, handles=handles) is reason


def test_a_statement_about_something_else_is_withheld() -> None:
    assert _check("平台提供上门安装服务。", _LEASE) is Reason.WORDS_NOT_IN_CLAUSE
    assert _check("The provider offers a discount on every renewal of the software.", _SECRET) is Reason.WORDS_NOT_IN_CLAUSE


def test_the_words_of_the_question_do_not_carry_a_statement_that_no_clause_bears() -> None:
    invented = "平台支持夜间上门安装空调。"
    assert _check(invented, _LEASE, question="平台支持夜间上门安装空调吗") is Reason.WORDS_NOT_IN_CLAUSE


@pytest.mark.parametrize("term", ["7 个自然日", "七天", "一周", "1 个星期", "168 小时"])
def test_it_does_not_matter_to_the_words_in_which_units_an_amount_is_written(term: str) -> None:
    assert _check(f"因为平台违约没用成的，{term}内能退。", _CLOUD, _LEASE) is None
    assert _check(f"因为平台违约没用成的，{term}内能退。", _SECRET.replace("立即", term + "内"), _LEASE) is Reason.WORDS_NOT_IN_CLAUSE


def test_a_clause_is_not_cited_for_what_another_one_shown_says() -> None:
    statement = "用户有权在开通后申请退款，平台应当及时处理。"
    other = "用户有权在开通后申请发票，平台应当及时寄出。"
    assert _check(statement, _CLOUD, other) is None
    assert _check(statement, other, _CLOUD) is Reason.OTHER_CLAUSE_SAYS_IT


def test_every_clause_cited_must_bear_something_of_the_statement() -> None:
    assert _check("用户可以申请退款，乙方不得转租房屋。", _CLOUD, _LEASE, handles=("C1", "C2")) is None
    assert _check("用户可以在开通后申请退款。", _CLOUD, _SECRET, handles=("C1", "C2")) is Reason.WORDS_NOT_IN_CLAUSE


def test_a_check_that_raises_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(claim: Claim, case: Case) -> Reason | None:
        raise RuntimeError("broken")

    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, broken))
    assert _check(_LEASE, _LEASE) is Reason.CHECK_FAILED


@pytest.mark.parametrize(
    ("quote", "verbatim"),
    [
        ("甲方有权解除本合同", True),
        ("甲方 有权\n解除本合同", True),
        ("15日的", True),
        ("", False),
        (" \n", False),
        ("甲方有权解除合同", False),
        ("甲方有权解除本合同……不得将房屋转租", False),
        ("甲方有权解除本合同，未经甲方书面同意", False),
    ],
)
def test_a_quote_stands_in_its_source_in_one_piece(quote: str, verbatim: bool) -> None:
    assert is_verbatim(quote, _LEASE) is verbatim


def test_every_check_that_fails_is_told_and_the_first_of_them_first() -> None:
    wrong = "房屋的日常维修由乙方负责，乙方应当在 3 天内通知甲方。"
    case = Case({"C1": _exhibit("C1", _REPAIR)}, "")
    assert failures(Claim(wrong, ("C1",)), case) == {"figures_borne": Reason.FIGURE_NOT_IN_CLAUSE, "parties_kept": Reason.PARTIES_SWAPPED}
    assert first_failure(Claim(wrong, ("C1",)), case) is Reason.FIGURE_NOT_IN_CLAUSE
    assert failures(Claim(_REPAIR, ("C1",)), case) == {}


_TYPESET = "乙方逾期超过 １５ 日的，甲方有权解除「主合同」（下称“合同”），\n并不予退还押金。面积为 30㎡。可用性为 99.90%，十五日内结清。"


@pytest.mark.parametrize(
    ("quote", "piece"),
    [
        ("逾期超过15日的,甲方有权解除", "逾期超过 １５ 日的，甲方有权解除"),
        ("解除“主合同”(下称「合同」)，并不予退还", "解除「主合同」（下称“合同”），\n并不予退还"),
        ('解除"主合同"', "解除「主合同」"),
        ("\u200b 并不予\t退还押金。", "并不予退还押金。"),
        ("面积为30m2。", "面积为 30㎡。"),
        ("5 日的，甲方有权解除", None),
        ("五日内结清", None),
        ("90%，十五日内", None),
        ("面积为30m", None),
        ("逾期超过15日的，乙方有权解除", None),
        ("逾期超过15日的……并不予退还押金", None),
        ("", None),
        ("\u200b\n", None),
    ],
)
def test_a_quote_is_found_in_whatever_width_and_marks_it_is_typed_and_shown_as_it_is_printed(quote: str, piece: str | None) -> None:
    assert verbatim_piece(quote, _TYPESET) == piece
    assert is_verbatim(quote, _TYPESET) is (piece is not None)


@pytest.mark.parametrize(
    ("quote", "source", "fits"),
    [
        ("甲方有权解除本合同，并不予退还押金", _LEASE, True),
        ("并不予退还押金。未经甲方书", _LEASE, True),
        ("并不予退还押金。未经甲方", _LEASE, True),
        ("并不予退还押金。未经甲", _LEASE, False),
        ("并 不 予 退 还 押 金", _LEASE, False),
        ("转让账号；", "转让账号；", True),
        ("转让账号", "转让账号；", True),
        ("转让", "转让账号；", False),
        ("。", "转让账号；。", False),
        ("甲方有权解除本合同，并不予退还定金", _LEASE, False),
    ],
)
def test_a_quote_is_twelve_characters_long_or_all_of_the_clause(quote: str, source: str, fits: bool) -> None:
    assert quote_fits(quote, source) is fits


@pytest.mark.parametrize(
    ("piece", "widest"),
    [
        ("可以转租。", "可以转租。\n押金退还。\n租金不变；"),
        ("押金退还。", "押金退还。\n租金不变；甲方同意；"),
        ("水费自理。", "甲方同意；乙方担责。水费自理。"),
        ("同意；乙方", "甲方同意；乙方担责。水费自理。"),
        ("可以转租。押金退还。租金不变；", "可以转租。\n押金退还。\n租金不变；"),
    ],
)
def test_a_short_quote_takes_its_neighbours_along_in_one_piece(piece: str, widest: str) -> None:
    text = "可以转租。\n押金退还。\n租金不变；甲方同意；乙方担责。水费自理。"
    found = widened(verbatim_piece(piece, text) or "", text)
    assert (found in text, found) == (True, widest)


def test_a_clause_that_is_short_is_quoted_whole() -> None:
    assert widened("转让", "不得转让；") == "不得转让；"


@pytest.mark.parametrize(
    "statement", ["甲方可以解除合同，押金不退。", "乙方逾期支付租金超过15日的,甲方有权解除本合同", _LEASE, "The lease.", "15日"]
)
def test_what_is_quoted_for_a_claim_is_long_enough_and_the_words_of_the_clause(statement: str) -> None:
    shown = _exhibit("C1", _LEASE, "双方约定：")
    quote = quote_for(Claim(statement, ("C1",)), shown, "可以解除合同吗")
    assert quote in _LEASE
    assert quote_fits(quote, _LEASE)


def test_any_clause_can_be_quoted_for_any_of_its_sentences(shipped: Library) -> None:
    links = Links(shipped.clauses())
    for shown in exhibit([clause for clause in shipped.clauses() if clause.text][::9], links):
        text = shown.clause.text
        for part in [text, *text.split("；"), *text.split("。"), *text.splitlines()]:
            quote = quote_for(Claim(shown.lead_in + part, (shown.handle,)), shown, "")
            assert quote in text
            assert len("".join(quote.split())) >= LEAST or quote_fits(quote, text)
