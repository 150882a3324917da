from __future__ import annotations

import os
import subprocess
import sys

from answering.evidence import Exhibit, count_tokens, exhibit, within_budget
from retrieval.library import Library
from retrieval.links import Links


def _exhibits(library: Library, *ids: str) -> list[Exhibit]:
    links = Links(library.clauses())
    clauses = [links.clause("qidian", id_) for id_ in ids]
    return exhibit([clause for clause in clauses if clause is not None], links)


def _cost(shown: Exhibit) -> int:
    return len(shown.shown()) + 2


def test_handles_count_from_one_in_the_order_given(shipped: Library) -> None:
    exhibits = _exhibits(shipped, "4.9", "4.7", "10.3（4）")
    assert [(shown.handle, shown.clause.id) for shown in exhibits] == [("C1", "4.9"), ("C2", "4.7"), ("C3", "10.3（4）")]


def test_a_clause_is_shown_with_its_handle_its_headings_and_its_whole_text(shipped: Library) -> None:
    shown = _exhibits(shipped, "4.7")[0]
    assert shown.shown() == f"[C1] 《腾讯企业级产品及服务直销协议》4.7（腾讯权利义务）\n{shown.clause.text}"


def test_an_item_is_shown_with_the_sentence_that_introduces_it(shipped: Library) -> None:
    shown = _exhibits(shipped, "10.3（4）")[0]
    assert "引导语：出现以下情形之一时，腾讯有权单方终止本合同" in shown.shown()
    assert shown.lead_in in shown.text


def test_what_is_brought_along_comes_after_the_clauses_with_why_and_nothing_rests_on_that(shipped: Library) -> None:
    links = Links(shipped.clauses())
    found, brought = (links.clause("qidian", id_) for id_ in ("4.9", "1.11"))
    assert found is not None
    assert brought is not None
    first, second = exhibit([found], links, {brought: "“增值服务”的定义"})
    assert "附上" not in first.shown()
    assert second.shown().splitlines()[:2] == ["[C2] 《腾讯企业级产品及服务直销协议》1.11（名词解释 > 增值服务）", "附上：“增值服务”的定义"]
    assert "附上" not in second.text


def test_the_budget_is_kept_to_the_token(shipped: Library) -> None:
    exhibits = _exhibits(shipped, "4.7", "4.8", "4.9")
    exact = sum(map(_cost, exhibits))
    assert within_budget(exhibits, exact, len) == exhibits
    assert within_budget(exhibits, exact - 1, len) == exhibits[:2]


def test_a_clause_that_does_not_fit_is_out_whole_and_a_shorter_one_after_it_may_still_be_in(shipped: Library) -> None:
    exhibits = _exhibits(shipped, "4.7", "4.1", "4.4")
    assert _cost(exhibits[1]) > _cost(exhibits[2])
    kept = within_budget(exhibits, _cost(exhibits[0]) + _cost(exhibits[2]), len)
    assert kept == [exhibits[0], exhibits[2]]
    assert [shown.handle for shown in kept] == ["C1", "C3"]


def test_what_is_kept_is_kept_whole(shipped: Library) -> None:
    exhibits = _exhibits(shipped, *(clause.id for clause in shipped.clauses(["qidian"]) if clause.text))
    for budget in (0, 1, 100, 1000, 5000):
        kept = within_budget(exhibits, budget, len)
        assert all(shown in exhibits for shown in kept)
        assert sum(map(_cost, kept)) <= budget


def test_a_budget_of_nothing_keeps_nothing(shipped: Library) -> None:
    assert within_budget(_exhibits(shipped, "4.4"), 0, len) == []
    assert within_budget([], 100, len) == []


def test_the_blank_lines_between_clauses_are_within_the_budget(shipped: Library) -> None:
    exhibits = _exhibits(shipped, *(clause.id for clause in shipped.clauses(["qidian"]) if clause.text))
    kept = within_budget(exhibits, 6000, count_tokens)
    assert count_tokens("\n\n".join(shown.shown() for shown in kept)) <= 6000
    assert kept[0] == exhibits[0]
    assert len(kept) < len(exhibits)


def test_tokens_are_those_of_o200k_base() -> None:
    assert count_tokens("") == 0
    assert count_tokens("hello world") == 2
    assert count_tokens("企点开通几天内可以无条件退款？") == 12


def test_text_that_looks_like_a_special_token_is_counted_as_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_tokens_are_counted_without_a_network_and_without_a_cache_of_the_machine() -> None:
    code = (
        "import sys\n"
        "def guard(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'): raise SystemExit(f'{event} {arguments}')\n"
        "sys.addaudithook(guard)\n"
        "from answering.evidence import count_tokens\n"
        "print(count_tokens('7 个自然日'))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "4\n", "")
