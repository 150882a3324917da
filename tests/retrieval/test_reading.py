from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from retrieval.errors import UnreadableFile
from retrieval.reading import MAX_BYTES, MAX_TEXT_BYTES, Line, lines_of, read, read_bytes, read_text

_TEXT = "第一条 服务内容\n\n1.1 甲方应当付款。\n"
_LEXIANG = Path(__file__).parents[2] / "agreements" / "lexiang.txt"


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "agreement.txt"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_every_usual_encoding_gives_the_same_text(tmp_path: Path, encoding: str) -> None:
    assert read_text(_file(tmp_path, _TEXT.encode(encoding))) == _TEXT


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_utf_16_is_told_by_its_mark_in_either_byte_order(tmp_path: Path, mark: bytes, encoding: str) -> None:
    assert read_text(_file(tmp_path, mark + _TEXT.encode(encoding))) == _TEXT


def test_a_character_of_four_bytes_in_gb18030_is_read(tmp_path: Path) -> None:
    assert read_text(_file(tmp_path, "𠮷田企业服务协议".encode("gb18030"))) == "𠮷田企业服务协议"


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\xff\xfe", "\u3000\n".encode()])
def test_an_empty_file_is_refused_as_empty(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"agreement\.txt 是空"):
        read(_file(tmp_path, data))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes(range(256)), "不是 UTF-8、UTF-16 或 GB18030"),
        (_TEXT.encode("utf-16-le"), "不是 UTF-8、UTF-16 或 GB18030"),  # without its mark nothing says which encoding it is
        (_TEXT.encode("utf-16")[:-1], "不是 UTF-8、UTF-16 或 GB18030"),
        (_TEXT.encode("utf-32"), "不是 UTF-8、UTF-16 或 GB18030"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01", "内容是图片，与扩展名不符"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Length 10 >>\nstream\nxx\xff\xfe\x9c\nendstream", "内容是PDF，与扩展名不符"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "内容是Word 文档，与扩展名不符"),
    ],
    ids=["all bytes", "utf-16 without mark", "half a utf-16 unit", "utf-32", "png", "pdf", "zip"],
)
def test_a_file_that_is_no_text_is_refused_by_its_name_with_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=rf"agreement\.txt .*{said}"):
        read(_file(tmp_path, data))


_FOREIGN = "第一條（服務內容）甲方應當按照本協議約定的期限向乙方支付費用，逾期者應當承擔違約責任。"


@pytest.mark.parametrize("encoding", ["big5", "euc-jis-2004", "cp1252"])
def test_other_encodings_are_refused_and_never_read_as_gb18030(tmp_path: Path, encoding: str) -> None:
    text = "“Services” means the Company’s offerings — § 1.1; £100 ‘as is’" if encoding == "cp1252" else _FOREIGN
    if encoding == "euc-jis-2004":
        text, encoding = "第一条（サービス）本規約は、当社が提供するサービスの利用条件を定めるものです。", "shift_jis"
    with pytest.raises(UnreadableFile, match="不是 UTF-8"):
        read(_file(tmp_path, (text * 5).encode(encoding)))


def test_traditional_chinese_in_gb18030_is_read(tmp_path: Path) -> None:
    assert read_text(_file(tmp_path, _FOREIGN.encode("gb18030"))) == _FOREIGN


@pytest.mark.parametrize("length", range(1, 40))
def test_a_short_text_in_utf_8_that_was_cut_off_is_refused(length: int) -> None:
    """GB18030 takes one in twenty of them, and would make 鍥介檯 of them."""
    data = "本协议由甲乙双方于二〇二四年一月一日在深圳市签订，双方应当遵守国家法律法规的规定和本协议的约定"[:length].encode()[:-1]
    with pytest.raises(UnreadableFile, match="不是 UTF-8"):
        read_bytes("a.txt", data)


@pytest.mark.parametrize("seed", range(40))
def test_utf_8_with_one_wrong_byte_is_refused_and_never_read_as_something_else(tmp_path: Path, seed: int) -> None:
    """GB18030 must not make other characters of it: the clauses would be kept in gibberish."""
    data = bytearray(_LEXIANG.read_bytes())
    data[random.Random(seed).randrange(len(data))] ^= 0x80
    with pytest.raises(UnreadableFile, match="不是 UTF-8"):
        read_text(_file(tmp_path, bytes(data)))


@pytest.mark.parametrize("lost", [1, 2])
def test_utf_8_cut_off_within_a_character_is_refused(tmp_path: Path, lost: int) -> None:
    with pytest.raises(UnreadableFile, match="不是 UTF-8"):
        read_text(_file(tmp_path, _LEXIANG.read_text(encoding="utf-8").rstrip().encode()[:-lost]))


def test_a_missing_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"找不到文件 .*none\.txt；"):
        read(tmp_path / "none.txt")


def test_a_folder_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"是文件夹；"):
        read(tmp_path)


@pytest.mark.parametrize(("name", "size"), [("a.txt", 500 * 1024 * 1024), ("a.pdf", MAX_BYTES + 1), ("a.docx", MAX_BYTES + 1)])
def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, name: str, size: int) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(size)  # sparse: it costs nothing
    with pytest.raises(UnreadableFile, match="超过 100 MB"):
        read(path)


def test_a_text_may_not_be_as_large_as_a_file_with_pictures() -> None:
    with pytest.raises(UnreadableFile, match="超过 20 MB"):
        read_bytes("a.txt", b" " * (MAX_TEXT_BYTES + 1))


def test_a_text_of_endless_lines_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="超过 20 万行"):
        read_bytes("a.txt", b"1.\n" * 500_000)


def test_one_endless_line_costs_no_more_than_many() -> None:
    for raw in (b"-" * 2_000_000 + b"x", b"[" * 2_000_000, b"[a](" * 500_000, b"\\" * 2_000_000, b"*" * 2_000_000 + b"a"):
        assert len(read_bytes("a.txt", raw).lines) == 1


def _text(raw: str) -> str:
    (line,) = lines_of(raw)
    return line.text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("**2.3.1 对本功能内容的修改：**腾讯可", "2.3.1 对本功能内容的修改：腾讯可"),
        ("[腾讯服务协议](#)", "腾讯服务协议"),
        ("《[腾讯服务协议](https://example.com/a)》和《[指引](#)》", "《腾讯服务协议》和《指引》"),
        ("见 <https://work.weixin.qq.com/>", "见 https://work.weixin.qq.com/"),
        ("1\\. 范围", "1. 范围"),
        ("总数）\\*100%", "总数）*100%"),
        ("价格 3*4", "价格 3*4"),
        ("企点客服_销售管理产品", "企点客服_销售管理产品"),
        ("-5 度", "-5 度"),
        ("1.1\u00a0甲方\u200b付款\x07", "1.1 甲方付款"),
        ("【用户的权利】", "【用户的权利】"),
    ],
)
def test_marks_of_markdown_are_taken_off_and_nothing_else(raw: str, text: str) -> None:
    assert _text(raw) == text


def test_what_the_marks_said_is_remembered() -> None:
    heading, bullet, row, plain = lines_of("## 二、费用\n- 咨询\n|---|---|\n| 低于 95% | 三个月 |\n普通的一行 ")
    assert (heading.text, heading.heading) == ("二、费用", True)
    assert (bullet.text, bullet.bullet) == ("咨询", True)
    assert (row.text, row.row) == ("低于 95% | 三个月", True)
    assert plain == Line(5, "普通的一行", 0, ends=True)


def test_lines_keep_their_number_in_the_file_and_count_the_blank_ones_before() -> None:
    found = [(line.number, line.gap, line.text) for line in lines_of("\n\n甲\n乙\r\n\r\n \t\n丙")]
    assert found == [(3, 2, "甲"), (4, 0, "乙"), (7, 2, "丙")]


def test_a_latin_letter_counts_half_a_chinese_one() -> None:
    (line,) = lines_of("甲方 API，")
    assert line.width == 2 + 0.5 + 1.5 + 1


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        ("qidian", "9cf6f37e405e522e"),
        ("wework", "9a0a6bb60d218778"),
        ("lexiang", "26af73323e7ed60b"),
        ("archive", "b9deaa721f931812"),
        ("weka", "c19720726252fca0"),
    ],
)
def test_the_lines_of_the_shipped_agreements_stay_as_they_are(key: str, digest: str) -> None:
    """Their clause numbers are cited, and what they are parsed from must not change by the way."""
    lines = lines_of(read_text(_LEXIANG.with_name(f"{key}.txt")))
    said = [(line.number, line.text, line.gap, line.heading, line.bullet, line.row, line.ends) for line in lines]
    assert hashlib.sha256(repr(said).encode()).hexdigest()[:16] == digest
    assert not any(line.begins or line.page for line in lines)
