from __future__ import annotations

import pytest

from answering.errors import ModelError
from answering.prices import Price, parse_prices


def test_prices_are_read_with_and_without_one_for_cached_tokens() -> None:
    said = " deepseek:deepseek-chat=2/3/0.2 , ollama:qwen3:8b=0/0,vllm:a=b/c=1.5/6,"
    assert parse_prices(said) == {
        "deepseek:deepseek-chat": Price(2, 3, 0.2), "ollama:qwen3:8b": Price(0, 0, 0), "vllm:a=b/c": Price(1.5, 6, 1.5),
    }  # fmt: skip
    assert parse_prices("") == {}


@pytest.mark.parametrize("part", ["a:b", "a:b=", "a:b=1", "a:b=1/2/3/4", "a:b=x/2", "=1/2", "a:b=-1/2", "a:b=nan/2", "a:b=inf/2"])
def test_a_price_that_cannot_be_read_is_told(part: str) -> None:
    with pytest.raises(ModelError) as wrong:
        parse_prices(f"x:y=1/2,{part}")
    assert f"WENYUE_PRICES 里的 {part!r}" in str(wrong.value)


def test_a_cost_is_in_millionths_cached_tokens_apart_and_rounded_up() -> None:
    price = Price(2.0, 8.0, 0.25)
    assert price.of(1000, 100) == 2800
    assert price.of(1000, 100, 600) == 400 * 2 + 150 + 800
    assert Price(0.8, 0, 0.8).of(1, 0) == 1
