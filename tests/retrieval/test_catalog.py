from __future__ import annotations

import re
from pathlib import Path

import pytest

from retrieval.catalog import load_catalog
from retrieval.errors import CatalogError

_GOOD = {
    "title": '"甲协议"',
    "names": '["甲", "jia"]',
    "parties": '["您", "腾讯"]',
    "file": '"jia.txt"',
    "source": '"官网"',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("jia.txt", "yi.txt", "jia.questions.jsonl"):
        (tmp_path / name).write_text("1.1 付款。\n", encoding="utf-8")
    return tmp_path


def _table(key: str = "jia", /, **changed: str | None) -> str:
    entries = {name: value for name, value in {**_GOOD, **changed}.items() if value is not None}
    return f"[{key}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())


def _catalog(folder: Path, text: str) -> Path:
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _refused(folder: Path, text: str, *named: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalog(_catalog(folder, text))
    message = str(caught.value)
    assert "\n" not in message
    assert all(name in message for name in named), message


def test_a_good_catalog_is_read_as_it_stands(folder: Path) -> None:
    text = _table(questions='"jia.questions.jsonl"', updated="2022-10-18", effective="2022-11-01", supplements='["yi", "腾讯服务协议"]')
    (agreement,) = load_catalog(_catalog(folder, text))
    assert (agreement.key, agreement.title, agreement.file, agreement.source) == ("jia", "甲协议", "jia.txt", "官网")
    assert (agreement.names, agreement.parties) == (("甲", "jia"), ("您", "腾讯"))
    assert (agreement.questions, agreement.supplements) == ("jia.questions.jsonl", ("yi", "腾讯服务协议"))
    assert (agreement.updated, agreement.effective) == ("2022-10-18", "2022-11-01")


def test_what_may_be_left_out_is_left_empty(folder: Path) -> None:
    (agreement,) = load_catalog(_catalog(folder, _table()))
    assert (agreement.questions, agreement.updated, agreement.effective, agreement.supplements) == (None, None, None, ())


def test_the_order_of_the_file_is_kept(folder: Path) -> None:
    tables = [_table(key, title=f'"{key}"', names=f'["{key}"]') for key in ("zhong", "a", "m")]
    assert [agreement.key for agreement in load_catalog(_catalog(folder, "\n".join(tables)))] == ["zhong", "a", "m"]


def test_title_marks_are_no_part_of_the_title(folder: Path) -> None:
    (agreement,) = load_catalog(_catalog(folder, _table(title='"《甲协议》"')))
    assert agreement.title == "甲协议"


@pytest.mark.parametrize("name", list(_GOOD))
def test_a_missing_key_is_named(folder: Path, name: str) -> None:
    _refused(folder, _table(**{name: None}), "[jia]", f"'{name}' is missing")


@pytest.mark.parametrize("name", ["titel", "update", "Title", "url"])
def test_an_unknown_key_is_named_and_the_known_ones_too(folder: Path, name: str) -> None:
    _refused(folder, _table(**{name: '"x"'}), "[jia]", f"'{name}'", "title, names, parties, file, source, questions, updated")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "7"),
        ("title", '""'),
        ("title", '"  "'),
        ("title", '"《》"'),
        ("names", '"甲"'),
        ("names", "[]"),
        ("names", '["甲", 3]'),
        ("names", '["甲", ""]'),
        ("names", '["甲", " "]'),
        ("parties", "true"),
        ("file", '["jia.txt"]'),
        ("file", '""'),
        ("source", "2022-10-18"),
        ("questions", "[]"),
        ("updated", '"2022-10-18"'),
        ("updated", "20221018"),
        ("updated", "2022-10-18T14:32:42"),
        ("effective", '"下个月"'),
        ("supplements", '"yi"'),
        ("supplements", "[1]"),
    ],
)
def test_a_wrong_value_is_named_with_its_table_and_key(folder: Path, name: str, value: str) -> None:
    _refused(folder, _table(**{name: value}), "[jia]", name)


@pytest.mark.parametrize("name", ["file", "questions"])
def test_a_file_that_is_not_there_is_named(folder: Path, name: str) -> None:
    _refused(folder, _table(**{name: '"none.txt"'}), "[jia]", name, "'none.txt'")


def test_a_folder_is_no_file(folder: Path) -> None:
    (folder / "texts").mkdir()
    _refused(folder, _table(file='"texts"'), "[jia]", "file", "'texts'")


@pytest.mark.parametrize("key", ['"qi dian"', '"企点"', '""', '"a/b"', '"a.b"'])
def test_a_key_of_other_characters_is_refused(folder: Path, key: str) -> None:
    _refused(folder, _table(key), f"[{key.strip(chr(34))}]", "letters, digits")


@pytest.mark.parametrize("key", ["qidian", "qi-dian", "qi_dian", "WeCom", "a1"])
def test_letters_digits_hyphens_and_underscores_make_a_key(folder: Path, key: str) -> None:
    (agreement,) = load_catalog(_catalog(folder, _table(key)))
    assert agreement.key == key


@pytest.mark.parametrize("line", ['jia = "甲协议"', "jia = 1", "[[jia]]\ntitle = 'x'"])
def test_what_is_no_table_is_refused(folder: Path, line: str) -> None:
    _refused(folder, line, "[jia]", "must be a table")


@pytest.mark.parametrize(
    "second",
    [
        _table("yi", title='"乙协议"', names='["甲"]', file='"yi.txt"'),
        _table("yi", title='"乙协议"', names='["JIA"]', file='"yi.txt"'),
        _table("yi", title='"乙协议"', names='["甲协议"]', file='"yi.txt"'),
        _table("yi", title='"甲协议"', names='["乙"]', file='"yi.txt"'),
    ],
)
def test_a_name_that_two_agreements_have_is_refused_with_both(folder: Path, second: str) -> None:
    _refused(folder, _table() + second, "[jia]", "[yi]")


def test_an_agreement_may_be_called_by_its_title(folder: Path) -> None:
    (agreement,) = load_catalog(_catalog(folder, _table(names='["甲协议", "甲"]')))
    assert agreement.names == ("甲协议", "甲")


@pytest.mark.parametrize("text", ["[jia", "jia", "[jia]\ntitle = 甲", _table() + _table()])
def test_what_is_no_toml_is_refused_with_the_file(folder: Path, text: str) -> None:
    _refused(folder, text, "catalog.toml", "not valid TOML")


def test_a_catalog_in_another_encoding_is_refused_with_the_file(folder: Path) -> None:
    (folder / "catalog.toml").write_bytes(_table().encode("gb18030"))
    with pytest.raises(CatalogError, match=r"catalog\.toml is not valid TOML"):
        load_catalog(folder / "catalog.toml")


def test_a_missing_catalog_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=f"cannot read the catalog {re.escape(str(tmp_path))}"):
        load_catalog(tmp_path / "catalog.toml")


def test_the_shipped_catalog_holds_the_five() -> None:
    agreements = load_catalog(Path(__file__).parents[2] / "agreements" / "catalog.toml")
    assert [agreement.key for agreement in agreements] == ["qidian", "wework", "lexiang", "archive", "weka"]
    assert all(agreement.questions for agreement in agreements)
