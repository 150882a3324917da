"""An agreement that somebody adds: what it is called where they do not say, what they are told of its text, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retrieval.clause import Agreement
from retrieval.errors import AgreementRefused, UnreadableFile
from retrieval.furniture import Furniture
from retrieval.library import Library
from retrieval.parse_report import report_of
from retrieval.parsing import parse
from retrieval.reading import read_bytes

MakeLibrary = Callable[[Mapping[str, str]], Library]

_JIA = "一、费用\n\n1.1 甲方应当付款。\n\n1.2 逾期付款的，按日支付违约金。\n"
_BODY = """第一条 收费
1.1 停车每小时收费 5 元。
1.2 您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门。
"""


@pytest.fixture
def library(make_library: MakeLibrary) -> Library:
    """A library with an agreement of the catalog: key and name `jia`, title `jia协议`."""
    return make_library({"jia": _JIA})


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a text into a file."""

    def write(text: str, name: str = "given.txt") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


WriteFile = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        (f"停车服务协议\n\n{_BODY}", "given.txt", "停车服务协议"),
        (f"# 《停车服务协议》\n\n{_BODY}", "given.md", "停车服务协议"),
        (f"欢迎您使用《停车服务协议》（以下简称“本协议”）。\n\n{_BODY}", "given.txt", "停车服务协议"),
        (f"本协议补充《仓储协议》，《停车协议》（以下简称“本协议”）另有约定的除外。\n\n{_BODY}", "given.txt", "停车协议"),
        (_BODY, "停车场 使用规定.txt", "停车场 使用规定"),
        (f"设备采购合同（含安装）\n\n{_BODY}", "given.txt", "设备采购合同"),
        (f"# 中华人民共和国停车法\n\n{_BODY}", "given.md", "中华人民共和国停车法"),
        (f"一、补充协议\n\n{_BODY}", "停车.txt", "停车"),
    ],
    ids=["printed", "marked", "calls itself", "names another", "file", "with a remark", "statute", "a heading is no title"],
)
def test_the_title_is_what_the_text_says_or_else_the_files_name(
    library: Library, file: WriteFile, text: str, name: str, title: str
) -> None:
    assert library.add(file(text, name))[0].title == title


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("parking.txt", "parking"),
        ("Parking Terms (v2).txt", "parking-terms-v2"),
        ("停车协议.txt", "tingchexieyi"),
        ("2025年停车协议 终稿.txt", "2025-niantingchexieyi-zhonggao"),
        ("jia.txt", "jia-2"),
        ("—— .txt", "tingchefuwuxieyi"),
        ("关于停车场停放车辆以及相关增值服务的补充约定和特别提示.txt", "guanyutingchechangtingfangcheli"),
    ],
)
def test_the_key_is_made_of_the_files_name_and_nobody_elses(library: Library, file: WriteFile, name: str, key: str) -> None:
    found = library.add(file(f"停车服务协议\n\n{_BODY}", name))[0].key
    assert found == key or (len(key) > 30 and found.startswith("guanyutingchechang"))
    assert len(found) <= 32
    assert library.clauses([found])


def test_people_call_it_by_its_title_and_by_what_they_say(library: Library, file: WriteFile) -> None:
    assert library.add(file(f"停车服务协议\n\n{_BODY}", "one.txt"))[0].names == ("停车服务协议",)
    assert library.add(file(f"保密协议\n\n{_BODY}", "three.txt"), names=["保密", " NDA "])[0].names == ("保密", "NDA", "保密协议")


def test_an_added_agreement_is_what_it_was_said_to_be(library: Library, file: WriteFile) -> None:
    agreement, _ = library.add(file(_BODY), key="parking", title="《停车协议》", names=["停车"], effective="2024-01-01")
    assert library.agreement("parking") == agreement
    assert (agreement.title, agreement.names, agreement.effective) == ("停车协议", ("停车", "停车协议"), "2024-01-01")
    assert (agreement.file, agreement.version) == ("given.txt", 1)
    assert library.clauses(["parking"])[1].label == "《停车协议》1.1"
    assert library.source_text("parking") == _BODY
    (version,) = library.versions("parking")
    assert not version.shipped


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"key": "jia"}, "jia 已是《jia协议》的 KEY.*wenyue agreements update jia FILE"),
        ({"key": "停车"}, "KEY 只能用字母、数字"),
        ({"key": "a b"}, "KEY 只能用字母、数字.*'a b'"),
        ({"key": ""}, "KEY 只能用字母、数字"),
        ({"key": "a" * 65}, "最多 64 个"),
        ({"title": "jia协议"}, "《jia协议》已经有了（jia）.*update jia FILE"),
        ({"title": "JIA"}, "《JIA》已经有了（jia）"),
        ({"title": " 《》 "}, "--title 不能是空的"),
        ({"title": "长" * 101}, "标题最多 100 个字，现在有 101 个"),
        ({"names": ["停车", "Jia"]}, "“Jia”已是《jia协议》（jia）的叫法"),
    ],
)
def test_what_is_anothers_or_cannot_be_is_refused(library: Library, file: WriteFile, wishes: dict[str, Any], said: str) -> None:
    before = (library.version, library.versions())
    with pytest.raises(AgreementRefused, match=said) as caught:
        library.add(file(f"停车服务协议\n\n{_BODY}"), **wishes)
    assert "\n" not in str(caught.value)
    assert (library.version, library.versions()) == before


def test_the_same_agreement_is_not_added_twice(library: Library, file: WriteFile) -> None:
    path = file(f"停车服务协议\n\n{_BODY}", "parking.txt")
    library.add(path)
    with pytest.raises(AgreementRefused, match=r"《停车服务协议》已经有了（parking）；.*update parking FILE"):
        library.add(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xef\xbb\xbf \n\n", bytes(range(256)) * 20, b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, b"1.1\n1.2\n1.3\n"],
    ids=["empty", "blank", "binary", "picture", "numbers"],
)
def test_a_file_in_which_no_agreement_stands_is_refused_in_one_sentence(library: Library, tmp_path: Path, data: bytes) -> None:
    before = (library.version, library.versions())
    path = tmp_path / "given.txt"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"given\.txt") as caught:
        library.add(path)
    assert "\n" not in str(caught.value)
    assert (library.version, library.versions()) == before


@pytest.mark.parametrize("name", ["missing.txt", "."], ids=["missing", "folder"])
def test_what_is_no_file_is_refused(library: Library, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile):
        library.add(tmp_path / name)


def test_a_report_tells_what_to_look_at(library: Library, file: WriteFile) -> None:
    text = (
        "停车服务协议\n\n第一条 收费\n\n1.1 停车每小时收费 5 元，逾期按第 9.9 条处理。\n\n1.2 见第 1.1 条。\n\n"
        "1.3 费用按月结算。\n\n1.2 押金另计。\n\n第 1 页 共 2 页\n\n第二条 责任\n\n2.1 您应当锁好车门。\n"
    )
    agreement, report = library.add(file(text))
    clauses = library.clauses([agreement.key])
    assert report.clauses == len(clauses)
    assert [clause.label for clause in report.twice] == ["《停车服务协议》1.2（第二处）"]
    assert [(clause.id, words) for clause, words in report.lost] == [("1.1", "第 9.9 条")]
    assert report.left_out["title"] == 1
    assert report.share > 0.97
    assert (report.repairs, report.warnings) == ((), ())


def test_a_report_counts_what_was_mended(library: Library) -> None:
    path = Path(__file__).parents[2] / "agreements" / "qidian.txt"
    _, report = library.add(path, key="again", title="直销")
    assert sum(repair.count for repair in report.repairs) > 10
    assert 0.98 < report.share <= 1


def test_the_share_is_that_of_the_printed_characters_which_are_in_clauses() -> None:
    document = read_bytes("given.txt", _BODY.encode())
    parsed = parse(document.lines, agreement="parking", title="停车协议")
    agreement = Agreement("parking", "停车协议", ("停车",), (), "given.txt", "测试")
    assert report_of(document, parsed, agreement).share == 1
    printed = len("".join(_BODY.split()))
    lost = len("2.1您应当锁好车门。")
    report = report_of(document, replace(parsed, clauses=parsed.clauses[:-1]), agreement)
    assert report.share == pytest.approx((printed - lost) / printed)
    left_out = (Furniture(6, document.lines[-1].text, "page footer"),)
    assert report_of(document, replace(parsed, clauses=parsed.clauses[:-1], furniture=left_out), agreement).share == 1


def test_what_was_added_is_found_by_its_words(library: Library, file: WriteFile) -> None:
    library.add(file(f"停车服务协议\n\n{_BODY}"), key="parking")
    assert [clause.id for clause in library.clauses() if "停车费发票" in clause.text] == ["1.2"]
