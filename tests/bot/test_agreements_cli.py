"""`wenyue agreements`: what the commands do to the library, what they print, how they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.console.agreements_view import _MENDED
from retrieval.library import Library
from retrieval.mended import Mended

_PARKING = """停车服务协议

第一条 收费

1.1 停车每小时收费 5 元，每日最高收费 40 元。

1.2 您可以在 30 个自然日内申请开具停车费发票，见第 9.9 条。

第二条 责任

2.1 您应当锁好车门。
"""
_LATER = _PARKING.replace("30 个自然日", "15 个工作日").replace(
    "第二条 责任\n\n2.1", "第二条 充电\n\n2.1 充电桩由您自行操作。\n\n第三条 责任\n\n3.1"
)
_CATALOG = (
    '[storage]\ntitle = "仓储协议"\nnames = ["仓储"]\nparties = ["您"]\nfile = "storage.txt"\nsource = "测试"\nupdated = 2022-10-18\n'
)
_STORAGE = "第一条 期限\n\n1.1 保管期限为一年。\n\n1.2 期满应当取回。\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with one small agreement that came with the catalog, and files to add in the working folder."""
    agreements = tmp_path / "agreements"
    agreements.mkdir()
    (agreements / "storage.txt").write_text(_STORAGE, encoding="utf-8")
    (agreements / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, value in {"WENYUE_AGREEMENTS": agreements, "WENYUE_HOME": tmp_path / "home", "COLUMNS": "160", "TZ": "UTC"}.items():
        monkeypatch.setenv(name, str(value))
    (tmp_path / "parking.txt").write_text(_PARKING, encoding="utf-8")
    (tmp_path / "later.txt").write_text(_LATER, encoding="utf-8")
    _run("list")  # the catalog has been read and that been told
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["agreements", *arguments])


def _done(*arguments: str) -> str:
    """What a command prints that does its work."""
    result = _run(*arguments)
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result.stdout


def _rows(*arguments: str) -> list[Any]:
    return [json.loads(line) for line in _done(*arguments).splitlines()]


def _library(folder: Path) -> Library:
    return Library(f"sqlite:///{folder / 'home' / 'library.db'}")


def _fails(status: int, *arguments: str) -> str:
    """The one sentence that a command says which fails, having changed nothing."""
    before = _rows("list", "--json")
    result = _run(*arguments)
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith("错误：")
    assert len(result.stderr.strip().splitlines()) == 1
    assert _rows("list", "--json") == before
    return result.stderr


def test_add_takes_an_agreement_in_and_tells_what_was_made_of_it(folder: Path) -> None:
    shown = _done("add", "parking.txt", "--short", "停车", "--date", "2024-01-01")
    assert shown.splitlines()[0] == "已收入《停车服务协议》（parking），叫法：停车、停车服务协议"
    assert "5 条，正文里 100% 的字在条款里" in shown
    assert "标题 1 行" in shown
    assert "1 处：1.2 提到“第 9.9 条”" in shown
    agreement = _library(folder).agreement("parking")
    assert (agreement.names, agreement.effective) == (("停车", "停车服务协议"), "2024-01-01")


def test_add_takes_key_and_title_as_they_are_given(folder: Path) -> None:
    _done("add", "parking.txt", "--key", "cars", "--title", "停车场协议")
    assert _library(folder).agreement("cars").title == "停车场协议"
    assert [row["key"] for row in _rows("list", "--json")] == ["storage", "cars"]


def test_an_added_agreement_answers_and_its_version_is_told(folder: Path) -> None:
    _done("add", "parking.txt", "--short", "停车")
    asked = ("ask", "停车费发票几天内可以申请？")
    assert "30 个自然日" in CliRunner().invoke(app, asked).stdout
    _done("update", "parking", "later.txt", "--date", "2025-03-01")
    shown = CliRunner().invoke(app, asked).stdout
    assert "15 个工作日" in shown
    assert "《停车服务协议》　第 2 版，2025-03-01 生效" in shown


def test_update_keeps_the_old_version_and_counts_what_changed(folder: Path) -> None:
    _done("add", "parking.txt")
    shown = _done("update", "parking", "later.txt", "--date", "2025-03-01")
    assert shown.splitlines()[0] == (
        "已收入《停车服务协议》第 2 版（2025-03-01 生效），与上一版比：修改 1 条，新增 2 条，改号 2 条。详见 wenyue agreements diff parking"
    )
    assert [version.number for version in _library(folder).versions("parking")] == [1, 2]


def test_update_says_from_when_on_a_version_is_in_force(folder: Path) -> None:
    shown = _done("update", "storage", "later.txt", "--date", "2199-01-01")
    assert "它从 2199-01-01 起生效，在那之前仍按第 1 版回答。" in shown
    assert _library(folder).clauses(["storage"])[1].text == "保管期限为一年。"
    assert "未到生效日" in _done("show", "storage")


def test_update_with_the_same_words_says_so_and_adds_nothing(folder: Path) -> None:
    (folder / "same.txt").write_text(_STORAGE + "\n\n", encoding="utf-8")
    shown = _done("update", "storage", "same.txt")
    assert shown == "same.txt 与《仓储协议》第 1 版（2022-10-18 更新）的文字一样，没有收入新的版本。\n"
    assert [version.number for version in _library(folder).versions()] == [1]


def test_update_with_the_same_words_and_another_day_sets_the_day(folder: Path) -> None:
    _done("add", "parking.txt")
    shown = _done("update", "parking", "parking.txt", "--date", "2024-05-01")
    assert shown == "parking.txt 与《停车服务协议》第 1 版（2024-05-01 生效）的文字一样，没有收入新的版本，只改了生效日期。\n"
    assert _library(folder).agreement("parking").effective == "2024-05-01"


def test_remove_and_restore_an_agreement_of_the_catalog(folder: Path) -> None:
    _done("add", "parking.txt")
    assert "restore storage" in _done("remove", "storage")
    assert [row["key"] for row in _rows("list", "--json")] == ["parking"]
    assert "已恢复《仓储协议》" in _done("restore", "storage")
    assert [row["key"] for row in _rows("list", "--json")] == ["storage", "parking"]


def test_remove_of_an_added_agreement_offers_no_way_back() -> None:
    _done("add", "parking.txt")
    shown = _done("remove", "parking")
    assert "已移除《停车服务协议》（parking）的 1 个版本。" in shown
    assert "restore" not in shown


def test_the_last_agreement_can_be_removed() -> None:
    _done("remove", "storage")
    assert _rows("list", "--json") == []
    assert "storage" not in _done("list")


def test_list_tells_which_version_is_in_force() -> None:
    assert "2022-10-18 更新" in _done("list")
    _done("update", "storage", "later.txt", "--date", "2025-03-01")
    assert "第 2 版，2025-03-01 生效" in _done("list")
    (row,) = _rows("list", "--json")
    assert (row["key"], row["version"], row["effective"], row["updated"]) == ("storage", 2, "2025-03-01", None)


def test_show_lists_the_versions_the_newest_first() -> None:
    _done("update", "storage", "later.txt", "--date", "2025-03-01")
    shown = _done("show", "storage")
    assert "《仓储协议》　storage" in shown
    newest, oldest = (line for line in shown.splitlines() if ".txt" in line)
    assert "later.txt" in newest
    assert "现行" in newest
    assert "storage.txt（自带）" in oldest
    assert "现行" not in oldest


def test_show_gives_the_versions_to_machines() -> None:
    _done("update", "storage", "later.txt", "--date", "2025-03-01")
    (row,) = _rows("show", "storage", "--json")
    assert (row["key"], row["title"], row["version"]) == ("storage", "仓储协议", 2)
    first, second = row["versions"]
    assert (first["version"], first["shipped"], first["in_force"], first["clauses"], first["updated"]) == (1, True, False, 3, "2022-10-18")
    assert (second["version"], second["in_force"], second["effective"], second["file"]) == (2, True, "2025-03-01", "later.txt")
    assert first["added_at"].endswith("+00:00")


def test_show_gives_the_clauses_of_an_old_version() -> None:
    _done("update", "storage", "later.txt")
    assert "保管期限为一年。" in _done("show", "storage", "--version", "1")
    (row,) = _rows("show", "storage", "--version", "1", "--json")
    assert [clause["id"] for clause in row["clauses"]] == ["第一条", "1.1", "1.2"]
    assert row["in_force"] is False


def test_diff_shows_what_changed_clause_by_clause() -> None:
    _done("add", "parking.txt")
    _done("update", "parking", "later.txt", "--date", "2025-03-01")
    shown = _done("diff", "parking")
    assert "《停车服务协议》第 1 版 → 第 2 版（2025-03-01 生效）" in shown
    assert "[-30 个自然日-]{+15 个工作日+}" in shown
    assert "改号　第二条 → 第三条、2.1 → 3.1（文字未变）" in shown
    assert _done("diff", "parking", "1", "2") == _done("diff", "parking", "1") == shown


def test_diff_goes_either_way_and_between_any_two() -> None:
    _done("add", "parking.txt")
    _done("update", "parking", "later.txt")
    assert "[-15 个工作日-]{+30 个自然日+}" in _done("diff", "parking", "2", "1")
    assert "条款没有变化；5 条未变" in _done("diff", "parking", "1", "1")


def test_diff_gives_the_changes_to_machines() -> None:
    _done("add", "parking.txt")
    _done("update", "parking", "later.txt", "--date", "2025-03-01")
    (row,) = _rows("diff", "parking", "--json")
    assert (row["agreement"], row["old"]["version"], row["new"]["version"], row["new"]["effective"]) == ("parking", 1, 2, "2025-03-01")
    assert row["counts"] == {"unchanged": 2, "changed": 1, "added": 2, "removed": 0, "renumbered": 2, "moved": 0}
    assert [(change["change"], (change["old"] or {}).get("id"), (change["new"] or {}).get("id")) for change in row["changes"]] == [
        ("changed", "1.2", "1.2"),
        ("added", None, "第二条"),
        ("added", None, "2.1"),
        ("renumbered", "第二条", "第三条"),
        ("renumbered", "2.1", "3.1"),
    ]
    assert {"sort": "removed", "text": "30 个自然日"} in row["changes"][0]["pieces"]


def test_diff_writes_a_page(folder: Path) -> None:
    _done("add", "parking.txt")
    _done("update", "parking", "later.txt")
    result = _run("diff", "parking", "--html", "changes.html")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "已写入 changes.html：修改 1 条，新增 2 条，改号 2 条" in result.stderr
    assert "<del>30 个自然日</del><ins>15 个工作日</ins>" in (folder / "changes.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("update", "feishu", "later.txt"),
        ("remove", "feishu"),
        ("show", "feishu"),
        ("show", "feishu", "--version", "1"),
        ("diff", "feishu"),
    ],
)
def test_an_unknown_key_is_wrong_use_and_the_known_ones_are_named(arguments: tuple[str, ...]) -> None:
    assert "没有 KEY 为 'feishu' 的协议；现有的 KEY：storage" in _fails(2, *arguments)


@pytest.mark.parametrize("arguments", [("show", "storage", "--version", "2"), ("diff", "storage", "1", "2"), ("diff", "storage", "0")])
def test_an_unknown_version_is_wrong_use(arguments: tuple[str, ...]) -> None:
    assert "storage 没有第" in _fails(2, *arguments)


@pytest.mark.parametrize("text", ["tomorrow", "2025-13-01", "01/03/2025", ""])
@pytest.mark.parametrize("arguments", [("add", "parking.txt"), ("update", "storage", "later.txt")])
def test_a_date_that_is_none_is_wrong_use(arguments: tuple[str, ...], text: str) -> None:
    assert f"看不懂日期 {text!r}；请写成 2025-03-01 这样" in _fails(2, *arguments, "--date", text)


@pytest.mark.parametrize("arguments", [("add", "{}"), ("update", "storage", "{}")], ids=["add", "update"])
@pytest.mark.parametrize(
    ("name", "data"),
    [("empty.txt", b""), ("binary.txt", bytes(range(256))), ("picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(50)), ("missing.txt", None)],
)
def test_a_file_that_cannot_be_read_is_told_of_in_one_sentence(
    folder: Path, arguments: tuple[str, ...], name: str, data: bytes | None
) -> None:
    if data is not None:
        (folder / name).write_bytes(data)
    assert name in _fails(1, *(argument.format(name) for argument in arguments))


def test_a_taken_key_is_told_of_with_the_way_to_update() -> None:
    assert "wenyue agreements update storage FILE" in _fails(1, "add", "parking.txt", "--key", "storage")


def test_what_was_not_removed_cannot_be_restored() -> None:
    assert "不能恢复 storage" in _fails(1, "restore", "storage")


def test_one_version_alone_has_nothing_to_be_compared_with() -> None:
    assert "《仓储协议》（storage）只有第 1 版" in _fails(1, "diff", "storage")


def test_a_page_that_cannot_be_written_is_told_of(folder: Path) -> None:
    _done("update", "storage", "later.txt")
    assert "不能写入 nowhere/page.html" in _fails(1, "diff", "storage", "--html", "nowhere/page.html")


def test_every_mending_has_words() -> None:
    assert set(_MENDED) == set(Mended)


_CLOUD = """蓝海云盘服务协议

更新日期：2024年5月1日

1.1 本协议是您与蓝海公司之间所订立的协议。蓝海公司提供蓝海云盘软件。

1.2 “云盘空间”是指存放文件的空间。

1.4 空间期满清空。
"""


def test_numbers_that_are_missing_are_told(folder: Path) -> None:
    (folder / "cloud.txt").write_text(_CLOUD, encoding="utf-8")
    assert "1 处：1.2 之后是 1.4" in _done("add", "cloud.txt")


def test_without_a_terminal_what_the_text_says_is_told_and_not_taken(folder: Path) -> None:
    (folder / "cloud.txt").write_text(_CLOUD, encoding="utf-8")
    shown = _done("add", "cloud.txt")
    assert "以上 5 项没有采用；要采用请运行 wenyue agreements confirm cloud（--yes 全部采用）。" in shown
    assert "更新日期：2024年5月1日" in shown
    assert _library(folder).agreement("cloud").parties == ()
    assert "还读到 5 项资料没有确认：wenyue agreements confirm cloud" in _done("show", "cloud")


def test_confirm_takes_what_the_text_says_and_show_shows_it(folder: Path) -> None:
    (folder / "cloud.txt").write_text(_CLOUD, encoding="utf-8")
    _done("add", "cloud.txt")
    assert "采用了 5 项。" in _done("confirm", "cloud", "--yes")
    assert _library(folder).agreement("cloud").names == ("蓝海云盘", "蓝海云盘服务协议")
    assert "共1项：云盘空间（1.2）" in _done("show", "cloud")
    (row,) = _rows("show", "cloud", "--json")
    assert [fact["kind"] for fact in row["facts"]] == ["name", "party", "party", "updated", "term"]
    assert "没有要确认的资料" in _done("confirm", "cloud")
    assert "没有要确认的资料" in _done("confirm", "storage")


def test_update_asks_only_about_what_is_new(folder: Path) -> None:
    (folder / "cloud.txt").write_text(_CLOUD, encoding="utf-8")
    _done("add", "cloud.txt")
    (folder / "cloud.txt").write_text(_CLOUD.replace("1.4", "1.3") + "\n1.4 “云盘额度”是指每月的流量。\n", encoding="utf-8")
    shown = _done("update", "cloud", "cloud.txt", "--yes")
    assert "共1项：云盘额度（1.4）" in shown
    assert "采用了 1 项。" in shown
    assert _library(folder).agreement("cloud").parties == ()


def test_update_warns_of_another_agreement(folder: Path) -> None:
    (folder / "cloud.txt").write_text(_CLOUD, encoding="utf-8")
    _done("add", "parking.txt")
    assert "像是另一份协议" in _run("update", "parking", "cloud.txt").stderr
    (folder / "parking.txt").write_text(_LATER, encoding="utf-8")
    _done("add", "later.txt", "--key", "later", "--title", "另一份")
    (folder / "parking.txt").write_text(_PARKING, encoding="utf-8")
    assert "像是另一份协议" not in _run("update", "later", "parking.txt").stderr


@pytest.mark.parametrize(
    ("typed", "names", "parties"),
    [("\n", 2, 2), ("n\n", 1, 0), ("什么\n逐项\ny\nn\nn\n\ny\n", 2, 0)],
    ids=["all", "none", "one by one"],
)
def test_at_a_terminal_one_question_is_asked(folder: Path, typed: str, names: int, parties: int) -> None:
    (folder / "cloud.txt").write_text(_CLOUD, encoding="utf-8")
    leader, follower = os.openpty()
    os.write(leader, typed.encode())
    added = subprocess.run(
        [sys.executable, "-m", "bot.cli", "agreements", "add", "cloud.txt"], stdin=follower, stdout=subprocess.PIPE, stderr=follower
    )
    os.close(follower)
    os.close(leader)
    shown = added.stdout.decode()
    assert added.returncode == 0
    assert "采用了" in shown
    agreement = _library(folder).agreement("cloud")
    assert (len(agreement.names), len(agreement.parties)) == (names, parties)
