from __future__ import annotations

from collections.abc import Generator

import pytest

from answering.thinking import without_thinking


def _pieces(text: str, size: int) -> Generator[str, None, int]:
    for at in range(0, len(text), size):
        yield text[at : at + size]
    return 7


def _read(text: str, size: int) -> str:
    return "".join(without_thinking(_pieces(text, size)))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("答案[C1]。", "答案[C1]。"),
        ("<think>想想[C9]</think>\n\n答案[C1]。", "答案[C1]。"),
        ("\n <think></think>答案", "答案"),
        ("<think>想不出来", ""),
        ("<think>想</think>\n", ""),
        ("<thin", "<thin"),
        ("<thinking 不是标记", "<thinking 不是标记"),
        ("答案里的 <think>标记</think> 留着", "答案里的 <think>标记</think> 留着"),
        ("", ""),
    ],
)
def test_what_is_thought_aloud_before_the_answer_is_left_out(text: str, answer: str, size: int) -> None:
    assert _read(text, size) == answer


def test_the_answer_comes_as_soon_as_it_cannot_be_thinking_and_with_the_result_of_the_source() -> None:
    source = without_thinking(_pieces("<答案", 1))
    assert next(source) == "<答"
    assert next(source) == "案"
    with pytest.raises(StopIteration) as end:
        next(source)
    assert end.value.value == 7


def test_leaving_it_closes_the_source() -> None:
    closed = []

    def source() -> Generator[str, None, None]:
        try:
            yield "一"
            yield "二"
        finally:
            closed.append(True)

    reading = without_thinking(source())
    next(reading)
    reading.close()
    assert closed
