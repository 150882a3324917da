from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answering.answer import Status
from answering.checks import Claim
from answering.claims import ClaimReader, claims_in, sentinel


@pytest.mark.parametrize(
    ("reply", "handles"),
    [
        ("七日内可以退款[C1]。", ("C1",)),
        ("七日内可以退款【C1】。", ("C1",)),
        ("七日内可以退款［C1］。", ("C1",)),
        ("七日内可以退款（C1）。", ("C1",)),
        ("七日内可以退款(C1)。", ("C1",)),
        ("七日内可以退款[c1]。", ("C1",)),
        ("七日内可以退款[ C 1 ]。", ("C1",)),
        ("七日内可以退款 [C1] 。", ("C1",)),
        ("七日内可以退款[C12]。", ("C12",)),
        ("七日内可以退款[C1][C3]。", ("C1", "C3")),
        ("七日内可以退款[C1] [C3]。", ("C1", "C3")),
        ("七日内可以退款【C1】【C3】。", ("C1", "C3")),
        ("七日内可以退款[C1, C3]。", ("C1", "C3")),
        ("七日内可以退款[C1，C3]。", ("C1", "C3")),
        ("七日内可以退款[C1、C3]。", ("C1", "C3")),
        ("七日内可以退款[C1; C3]。", ("C1", "C3")),
        ("七日内可以退款[C1,3]。", ("C1", "C3")),
        ("七日内可以退款[C1 C3]。", ("C1", "C3")),
        ("七日内可以退款[C3][C1][C3]。", ("C3", "C1")),
        ("七日内可以退款。[C1]", ("C1",)),
        ("七日内可以退款。 [C1][C3]", ("C1", "C3")),
        ("七日内可以退款。\n[C1]", ("C1",)),
        ("七日内可以退款。\n\n  [C1]\n", ("C1",)),
        ("七日内[C1]可以退款[C3]。", ("C1", "C3")),
        ("[C1]七日内可以退款。", ("C1",)),
        ("[C1] 七日内可以退款。", ("C1",)),
        ("- 七日内可以退款[C1]。", ("C1",)),
        ("• 七日内可以退款[C1]。", ("C1",)),
        ("1. 七日内可以退款[C1]。", ("C1",)),
        ("2）七日内可以退款[C1]。", ("C1",)),
        ("3、七日内可以退款[C1]。", ("C1",)),
        ("**七日内**可以退款[C1]。", ("C1",)),
        ("- **七日内可以退款**。[C1]", ("C1",)),
        ("七日内可以退款。", ()),
        ("七日内可以退款[C99]。", ("C99",)),
    ],
)
def test_handles_are_read_in_every_shape_and_taken_out_of_the_sentence(reply: str, handles: tuple[str, ...]) -> None:
    claims = claims_in(reply)
    assert [(claim.text, claim.handles) for claim in claims] == [("七日内可以退款。", handles)]


def test_each_sentence_is_a_claim_with_its_own_handles() -> None:
    claims = claims_in("可以退款[C1]。增值服务不可以[C2]！发票呢？[C3]\n另行通知[C4]")
    assert [(claim.text, claim.handles) for claim in claims] == [
        ("可以退款。", ("C1",)),
        ("增值服务不可以！", ("C2",)),
        ("发票呢？", ("C3",)),
        ("另行通知", ("C4",)),
    ]


def test_handles_before_the_stop_and_after_it_count_together() -> None:
    assert claims_in("可以退款[C1]。[C2]")[0].handles == ("C1", "C2")


def test_the_next_sentence_s_handle_is_not_taken_for_the_one_before() -> None:
    claims = claims_in("可以退款[C1]。\n增值服务不可以[C2]。")
    assert [claim.handles for claim in claims] == [("C1",), ("C2",)]


@pytest.mark.parametrize("mark", ["[C1-C3]", "[1]", "[^1]", "<C1>", "C1", "[D1]", "[C]", "[来源1]"])
def test_a_mark_of_another_shape_is_no_handle(mark: str) -> None:
    assert claims_in(f"可以退款{mark}。")[0].handles == ()


@pytest.mark.parametrize("reply", ["", "\n\n", "。。。", "---", "[C1]", "**", "！？"])
def test_a_reply_without_words_makes_no_claim(reply: str) -> None:
    assert claims_in(reply) == []


@pytest.mark.parametrize(
    "reply",
    [
        "第4.7条，七日内可以退款[C1]。",
        "《腾讯企业级产品及服务直销协议》4.7，七日内可以退款[C1]。",
        "根据《腾讯企业级产品及服务直销协议》第4.7条，七日内可以退款[C1]。",
        "按照《直销协议》第四条，七日内可以退款[C1]。",
        "见《直销协议》第12条，七日内可以退款[C1]。",
    ],
)
def test_clause_numbers_the_model_wrote_itself_are_taken_out(reply: str) -> None:
    text = claims_in(reply)[0].text
    assert text.removeprefix("，") == "七日内可以退款。"


@pytest.mark.parametrize("text", ["服务费 2.5 元不退。", "赔偿 1.5 倍。", "7 个自然日内可以退款。", "可用性为 99.95%。", "30天内退。"])
def test_figures_of_the_sentence_stay(text: str) -> None:
    assert claims_in(f"{text}[C1]")[0].text == text


@pytest.mark.parametrize("text", ["2.5 元的服务费不退。", "1.5 倍赔偿。", "15.5% 的税率。"])
def test_a_figure_that_begins_a_line_is_no_bullet(text: str) -> None:
    assert claims_in(f"{text}[C1]")[0].text == text


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("NOT_COVERED", Status.NOT_COVERED),
        ("OUT_OF_SCOPE", Status.OUT_OF_SCOPE),
        ("CLARIFY", Status.CLARIFY),
        (" NOT_COVERED\n", Status.NOT_COVERED),
        ("not_covered", Status.NOT_COVERED),
        ("`NOT_COVERED`", Status.NOT_COVERED),
        ("**NOT_COVERED**", Status.NOT_COVERED),
        ("NOT_COVERED。", Status.NOT_COVERED),
        ("NOT_COVERED.", Status.NOT_COVERED),
    ],
)
def test_a_sentinel_alone_is_a_refusal(reply: str, status: Status) -> None:
    assert sentinel(reply) is status


@pytest.mark.parametrize(
    "reply", ["", "NOT_COVERED\n七日内可以退款[C1]。", "条款没有写到：NOT_COVERED", "NOT_COVERED_YET", "七日内可以退款[C1]。", "ANSWERED"]
)
def test_a_reply_with_anything_else_in_it_is_none(reply: str) -> None:
    assert sentinel(reply) is None


def _read(pieces: list[str]) -> list[Claim]:
    reader = ClaimReader()
    return [*(claim for piece in pieces for claim in reader.read(piece)), *reader.end()]


# fmt: off
_FRAGMENTS = [
    "七日内可以退款", "增值服务不退", "。", "！", "？", "[C1]", "【C2】", "[C1, C3]", "（C3", "[", "(", "）", "C", "3", " ", "\n", "*", "**", "- ", "1. ", "2）",
    "2.5 元", "（含税）", "Ok. ", "e.g. foo", "根据《直销协议》第4.7条，", "第4.7条", "”", "“甲”", "NOT_COVERED", "乙方",
]
# fmt: on


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(st.sampled_from(_FRAGMENTS), max_size=14), cuts=st.lists(st.integers(1, 5), min_size=1))
def test_the_claims_are_the_same_however_the_reply_is_cut(parts: list[str], cuts: list[int]) -> None:
    reply = "".join(parts)
    pieces: list[str] = []
    at = 0
    while at < len(reply):
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(reply[at : at + size])
        at += size
    assert _read(pieces) == claims_in(reply)


def test_a_claim_is_given_as_soon_as_nothing_can_be_added_to_it() -> None:
    reader = ClaimReader()
    said = "七日内可以退款。[C1][C2] 增值服务不退[C3]。"
    given = [len(list(reader.read(char))) for char in said]
    assert given.index(1) == said.index("增")
    assert [claim.handles for claim in reader.end()] == [("C3",)]


@pytest.mark.parametrize(
    "pieces",
    [["七日内可以退款[C", "1]。"], ["七日内可以退款。[", "C1", "]"], ["七日内可以退款。【C1", "】"], ["七日内可以退款。\n", "[C", "1]"]],
)
def test_a_handle_cut_in_two_is_one_handle(pieces: list[str]) -> None:
    assert _read(pieces) == [Claim("七日内可以退款。", ("C1",))]
