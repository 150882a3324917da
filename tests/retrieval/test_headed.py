"""Texts whose only structure is their headings, from Markdown, HTML and Word."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest

from retrieval.clause import Clause, Kind
from retrieval.reading import read_bytes
from retrieval.source import Source

_TITLE = "云盘会员服务条款"
_SECTIONS = [
    (1, "开通", "您可以在应用内开通会员。"),
    (1, "退款", "开通后七日内可以申请全额退款。"),
    (2, "退款方式", "款项原路退回。"),
    (1, "自动续费", "您可以随时关闭自动续费。"),
    (2, "退款方式", "续费的款项不退。"),
]


def _markdown(path: Path) -> None:
    parts = [f"# {_TITLE}", "欢迎使用云盘会员。", *(f"{'#' * (depth + 1)} {head}\n\n{text}" for depth, head, text in _SECTIONS)]
    path.write_text("\n\n".join(parts), encoding="utf-8")


def _html(path: Path) -> None:
    parts = [f"<h{depth + 1}>{head}</h{depth + 1}><p>{text}</p>" for depth, head, text in _SECTIONS]
    path.write_text(f"<html><body><h1>{_TITLE}</h1><p>欢迎使用云盘会员。</p>{''.join(parts)}</body></html>", encoding="utf-8")


def _word(path: Path) -> None:
    document = docx.Document()
    document.add_heading(_TITLE, 0)
    document.add_paragraph("欢迎使用云盘会员。")
    for depth, head, text in _SECTIONS:
        document.add_heading(head, depth)
        document.add_paragraph(text)
    document.save(str(path))


def _clauses(path: Path) -> list[Clause]:
    reading = Source.of(path).read()
    assert reading.document.title == _TITLE
    return list(reading.checked("k", _TITLE).clauses)


def _of(text: str) -> list[Clause]:
    document = read_bytes("given.md", text.encode())
    from retrieval.parsing import parse

    return list(parse(document.lines, agreement="k", title=document.title).clauses)


@pytest.mark.parametrize(("write", "name"), [(_markdown, "a.md"), (_html, "a.html"), (_word, "a.docx")], ids=["markdown", "html", "word"])
def test_headings_make_clauses_that_are_called_by_them(tmp_path: Path, write: object, name: str) -> None:
    path = tmp_path / name
    write(path)  # type: ignore[operator]
    first, *clauses = _clauses(path)
    assert (first.kind, first.text) == (Kind.PREAMBLE, "欢迎使用云盘会员。")
    assert [(clause.heading, clause.text) for clause in clauses] == [(head, text) for _, head, text in _SECTIONS]
    assert [(clause.id, clause.parent, clause.level) for clause in clauses] == [
        ("开通", None, 1), ("退款", None, 1), ("退款方式", "退款", 2), ("自动续费", None, 1), ("退款方式#2", "自动续费", 2),
    ]  # fmt: skip
    assert {(clause.kind, clause.number) for clause in clauses} == {(Kind.CLAUSE, "")}
    assert [clause.label for clause in clauses][1:3] == [f"《{_TITLE}》“退款”一节", f"《{_TITLE}》“退款方式”一节"]
    assert clauses[4].label == f"《{_TITLE}》“退款方式”一节（第二处）"


def test_lists_that_begin_anew_under_each_heading_are_its_items() -> None:
    text = "# 退换协议\n\n## 退款\n\n以下情形不退：\n\n1. 已使用的；\n2. 已过期的。\n\n## 换货\n\n可以换：\n\n1. 破损的；\n2. 错发的。\n"
    clauses = _of(text)
    assert [clause.id for clause in clauses] == ["退款", "退款（1）", "退款（2）", "换货", "换货（1）", "换货（2）"]
    assert clauses[1].label == "《退换协议》“退款”一节（1）"


def test_a_text_that_numbers_its_clauses_is_read_by_its_numbers() -> None:
    clauses = _of("# 停车协议\n\n## 总则\n\n1. 停车收费。\n\n## 其他\n\n2. 锁好车门。\n\n3. 爱护设施。\n")
    assert [clause.number for clause in clauses if clause.text][-2:] == ["2", "3"]
    assert "总则" not in [clause.id for clause in clauses]


def test_headings_with_nothing_below_them_make_no_clauses() -> None:
    clauses = _of("# 停车协议\n\n## 停车\n\n## 收费\n\n## 责任\n\n停车每小时收费 5 元。\n")
    assert [clause.kind for clause in clauses] == [Kind.PREAMBLE]


def test_an_id_has_no_white_space_nor_marks_of_other_ids() -> None:
    clauses = _of("# Cloud Terms of Service\n\n## How we use A/B #1 data\n\nWe do.\n\n## 关于《隐私政策》\n\n见政策。\n")
    assert [clause.id for clause in clauses] == ["How-we-use-AB-1-data", "关于《隐私政策》"]
    assert clauses[1].label == "《Cloud Terms of Service》“关于〈隐私政策〉”一节"
