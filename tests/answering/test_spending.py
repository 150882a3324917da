from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from answering.answer import Language
from answering.errors import ModelError
from answering.prices import Price
from answering.spending import WRITTEN, Limits, Reservation, Spending, Spent
from answering.wording import say

TODAY = say("spent_today_", Language.SIMPLIFIED)
TODAY_HERE = say("spent_today_here_", Language.SIMPLIFIED)
_PRICES = {"priced": Price(2.0, 8.0, 0.5)}
_CALL = 200 + WRITTEN  # tokens that a call of `_reserve` is reckoned at
_COST = 200 * 2 + WRITTEN * 8  # and millionths

Book = Callable[..., Spending]


class _Day:
    def __init__(self) -> None:
        self.date = datetime.date(2025, 3, 1)

    def __call__(self) -> datetime.date:
        return self.date


@pytest.fixture
def day() -> _Day:
    return _Day()


@pytest.fixture
def book(tmp_path: Path, day: _Day) -> Iterator[Book]:
    """Opens the book, as often as a process would be started, with some limits."""
    opened: list[Spending] = []

    def of(prices: Mapping[str, Price] = _PRICES, **limits: int) -> Spending:
        opened.append(Spending(f"sqlite:///{tmp_path / 'book.db'}", Limits(**limits), prices, day))
        return opened[-1]

    yield of
    for spending in opened:
        spending.close()


def _reserve(spending: Spending, chat: str = "team", model: str = "priced") -> Reservation:
    return spending.reserve(model, chat, 200)


def _call(spending: Spending, chat: str = "team") -> None:
    """A call that costs what was reckoned."""
    spending.settle(_reserve(spending, chat), 200, WRITTEN)


def test_a_call_is_booked_at_what_it_will_probably_cost_and_then_at_what_it_did(book: Book) -> None:
    spending = book()
    reservation = _reserve(spending)
    assert spending.spent() == spending.spent("team") == Spent(_CALL, _COST)
    spending.settle(reservation, 180, 20, 100)
    assert spending.spent() == spending.spent("team") == Spent(200, 80 * 2 + 50 + 160)
    assert spending.spent("other") == Spent()


def test_a_model_without_a_price_costs_tokens_alone(book: Book) -> None:
    spending = book()
    _reserve(spending, model="free")
    assert spending.spent() == Spent(_CALL, 0)


def test_what_was_spent_survives_the_process(book: Book) -> None:
    _call(book(tokens=2 * _CALL))
    again = book(tokens=2 * _CALL)
    assert again.spent("team") == Spent(_CALL, _COST)
    _call(again)
    with pytest.raises(ModelError, match=TODAY):
        _call(book(tokens=2 * _CALL))


@pytest.mark.parametrize(
    ("limits", "said"),
    [({"tokens": 2 * _CALL}, TODAY), ({"chat_tokens": 2 * _CALL}, TODAY_HERE), ({"money": 2 * _COST}, TODAY)],
)
def test_a_limit_holds_to_the_token_and_leaves_nothing_of_the_refused_call(limits: dict[str, int], said: str, book: Book) -> None:
    spending = book(**limits)
    _call(spending)
    _call(spending)
    before = spending.spent(), spending.spent("team")
    with pytest.raises(ModelError, match=said):
        _call(spending)
    assert (spending.spent(), spending.spent("team")) == before
    with pytest.raises(ModelError):
        _call(book(**{name: value - 1 for name, value in limits.items()}), "new" if "chat_tokens" not in limits else "team")


def test_one_chat_s_limit_is_not_another_s_and_the_terminal_is_a_chat(book: Book) -> None:
    spending = book(chat_tokens=_CALL)
    for chat in ("team", "other", ""):
        _call(spending, chat)
        with pytest.raises(ModelError, match=TODAY_HERE):
            _call(spending, chat)
    assert spending.spent().tokens == 3 * _CALL


def test_the_next_day_begins_with_nothing_spent_and_a_call_counts_for_the_day_it_began(book: Book, day: _Day) -> None:
    spending = book(tokens=_CALL)
    late = _reserve(spending)
    day.date += datetime.timedelta(1)
    assert spending.spent() == Spent()
    spending.settle(late, 500, 500)
    assert spending.spent() == Spent()
    _call(spending)
    day.date -= datetime.timedelta(1)
    assert spending.spent().tokens == 1000


def test_old_days_are_forgotten_and_chats_are_not_written_by_name(book: Book, day: _Day, tmp_path: Path) -> None:
    spending = book()
    _call(spending, "telegram:12345678")
    day.date += datetime.timedelta(100)
    _call(spending, "telegram:12345678")
    with sqlite3.connect(tmp_path / "book.db") as connection:
        rows = connection.execute("SELECT day, chat FROM spending").fetchall()
    connection.close()
    assert {row[0] for row in rows} == {"2025-06-09"}
    assert len(rows) == 2
    assert "12345678" not in (tmp_path / "book.db").read_bytes().decode("latin-1")


def test_threads_that_reserve_at_once_do_not_pass_the_limit(book: Book) -> None:
    spending = book(tokens=10 * _CALL)

    def ask(_at: int) -> bool:
        try:
            _call(spending)
        except ModelError:
            return False
        return True

    with ThreadPoolExecutor(8) as askers:
        assert sum(askers.map(ask, range(40))) == 10
    assert spending.spent() == Spent(10 * _CALL, 10 * _COST)


def _ask_often(url: str, chat: str, times: int) -> int:
    """How many of the calls were allowed; they run in a process of their own."""
    spending = Spending(url, Limits(tokens=25 * _CALL, chat_tokens=10 * _CALL), _PRICES)
    allowed = 0
    for _ in range(times):
        try:
            reservation = _reserve(spending, chat)
        except ModelError:
            continue
        spending.settle(reservation, 200, WRITTEN)
        allowed += 1
    spending.close()
    return allowed


def test_processes_that_make_the_table_and_reserve_at_once_do_not_pass_a_limit(tmp_path: Path, together: Callable[..., list[Any]]) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    allowed = together(_ask_often, [(url, chat, 12) for chat in ("a", "a", "b", "c")])
    assert allowed[0] + allowed[1] <= 10
    assert max(allowed) <= 10
    assert sum(allowed) == 25
    spending = Spending(url, Limits(), _PRICES)
    assert spending.spent() == Spent(25 * _CALL, 25 * _COST)
    spending.close()


def test_a_database_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "book.db").write_text("not a database, but long enough to look at" * 10, encoding="utf-8")
    spending = Spending(f"sqlite:///{tmp_path / 'book.db'}", Limits(), {})
    with pytest.raises(ModelError, match="记不下模型的用量") as failed:
        spending.reserve("m", "", 1)
    assert "\n" not in str(failed.value)
    spending.close()
