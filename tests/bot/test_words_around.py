"""The words around an answer: each is said by the code or by a page, and whatever these say is there."""

from __future__ import annotations

from pathlib import Path

from answering.answer import Status
from bot.commands import LISTED
from bot.presses import REASONS
from bot.wording import AROUND
from tests.said_keys import Values, keys_on_pages, said_keys

_BOT = Path(__file__).parents[2] / "bot"


def _changes() -> list[str]:
    from retrieval.comparison import Change

    return list(Change)


def _chosen() -> list[str]:
    from bot.web.ask_pages import REASONS

    return list(REASONS.values())


def _reviewed() -> Values:
    from bot.review.decisions import USES, VERDICTS
    from bot.review.items import ORDERS, STATES, WHYS

    kinds = {"state": STATES, "why": WHYS, "order": ORDERS, "verdict": VERDICTS, "use": USES}
    return {f"review_{kind}_{{}}": lambda kind=kind: (f"review_{kind}_{value}" for value in kinds[kind]) for kind in kinds}  # type: ignore[misc]


def _differing() -> list[str]:
    return [change for change in _changes() if change != "unchanged"]


def test_everything_that_is_said_around_an_answer_is_there_and_all_that_is_there_is_said() -> None:
    on_pages = keys_on_pages(
        (_BOT / "web" / "pages").glob("*.html"),
        {"key": _chosen, "change_{}": lambda: (f"change_{change}" for change in _changes()), **_reviewed()},
    )
    said = said_keys(
        _BOT.rglob("*.py"),
        "bot.wording",
        {
            "answer.status.value": lambda: (status.value for status in Status),
            "command_{}": lambda: (f"command_{name}" for name in (*LISTED, "help", "whoami")),
            "wrong_{}": lambda: (f"wrong_{why}" for why in REASONS),
            "news_{}_count": lambda: (f"news_{change}_count" for change in _differing()),
            "news_line_{}": lambda: (f"news_line_{change}" for change in _differing()),
            "page_{}": lambda: (f"page_{key}" for key in on_pages.keys),
        },
    )
    assert on_pages.unknown + said.unknown == []
    assert said.keys == set(AROUND.sentences)
