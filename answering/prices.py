"""What tokens cost, as WENYUE_PRICES says: `provider:model=in/out` or `…=in/out/cached` for a million tokens, comma separated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from answering.errors import ModelError

MILLION = 1_000_000  # tokens of a price, and parts of the currency that money is counted in


@dataclass(frozen=True, slots=True)
class Price:
    """For a million tokens, in whatever currency WENYUE_DAILY_MONEY is: of the prompt, of what is written, of the prompt's cached ones."""

    prompt: float
    completion: float
    cached: float

    def of(self, prompt: int, completion: int, cached: int = 0) -> int:
        """Millionths of the currency, rounded up. `cached` tokens are among those of the prompt."""
        return math.ceil((prompt - cached) * self.prompt + cached * self.cached + completion * self.completion)


def parse_prices(said: str) -> Mapping[str, Price]:
    """The prices by the models' names. Raises ModelError naming the part that cannot be read."""
    prices: dict[str, Price] = {}
    for part in filter(None, map(str.strip, said.split(","))):
        name, _, numbers = part.rpartition("=")
        try:
            amounts = [float(number) for number in numbers.split("/")]
        except ValueError:
            amounts = []
        if not name.strip() or len(amounts) not in (2, 3) or not all(0 <= amount < math.inf for amount in amounts):
            raise ModelError(
                f"WENYUE_PRICES 里的 {part!r} 读不懂；请写成 provider:model=输入/输出（每百万 token 的价格），例如 deepseek:deepseek-chat=2/3"
            )
        prices[name.strip()] = Price(amounts[0], amounts[1], amounts[-1] if len(amounts) == 3 else amounts[0])
    return prices
