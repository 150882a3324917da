from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import CatalogError, StorageError, UnknownAgreement, UnreadableFile
from retrieval.library import Library
from retrieval.likely import clause_digest

MakeLibrary = Callable[[Mapping[str, str]], Library]

_JIA = "一、费用\n\n1.1 甲方应当付款。\n\n1.2 逾期付款的，按日支付违约金。\n"
_YI = "一、期限\n\n1.1 期限一年。\n\n1.2 期满终止。\n"
_SHIPPED = Path(__file__).parents[2] / "agreements"


def _told(library: Library, catalog: Path) -> list[str]:
    told: list[str] = []
    library.sync(catalog, tell=told.append)
    return told


def _content(folder: Path) -> object:
    """All that the library in a folder says, as a fresh look at its database finds it."""
    library = Library(f"sqlite:///{folder / 'library.db'}")
    texts = [library.source_text(agreement.key) for agreement in library.agreements]
    return library.version, library.agreements, texts, library.clauses(), library.likely()


def test_syncing_twice_changes_nothing(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    before = _content(tmp_path)
    told: list[str] = []
    assert library.sync(tmp_path / "agreements" / "catalog.toml", tell=told.append) is False
    assert told == []
    assert _content(tmp_path) == before


def test_the_first_sync_says_that_something_changed(tmp_path: Path) -> None:
    library = Library(f"sqlite:///{tmp_path / 'library.db'}")
    assert library.sync(_SHIPPED / "catalog.toml") is True
    assert [agreement.key for agreement in library.agreements] == ["qidian", "wework", "lexiang", "archive", "weka"]


def test_clauses_come_in_reading_order_and_the_order_of_the_catalog(shipped: Library) -> None:
    refs = [clause.ref for clause in shipped.clauses()]
    assert [agreement.key for agreement in shipped.agreements] == list(dict.fromkeys(key for key, _ in refs))
    assert refs.index(("lexiang", "2.2.3")) + 1 == refs.index(("lexiang", "2.2.3#2"))
    assert len(refs) == len(set(refs)) == 691


def test_clauses_of_some_agreements_only(shipped: Library) -> None:
    assert {clause.agreement for clause in shipped.clauses(["weka", "qidian"])} == {"weka", "qidian"}
    assert len(shipped.clauses(["qidian"])) == 122


def test_a_changed_text_changes_that_agreement_only(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    version, kept = library.version, library.clauses(["yi"])
    catalog = tmp_path / "agreements" / "catalog.toml"
    (tmp_path / "agreements" / "jia.txt").write_text(_JIA.replace("付款。", "在 7 日内付款。"), encoding="utf-8")
    assert _told(library, catalog) == ["读取《jia协议》"]
    assert [clause.text for clause in library.clauses(["jia"])][1] == "甲方应当在 7 日内付款。"
    assert library.clauses(["yi"]) == kept
    assert library.version != version


def test_a_changed_description_changes_that_agreement(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    catalog = tmp_path / "agreements" / "catalog.toml"
    catalog.write_text(catalog.read_text(encoding="utf-8").replace('title = "yi协议"', 'title = "乙方协议"'), encoding="utf-8")
    assert _told(library, catalog) == ["读取《乙方协议》"]
    assert library.clauses(["yi"])[0].label == "《乙方协议》一"


def test_another_parser_reads_everything_anew(make_library: MakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    before = library.version
    for module in ("retrieval.arrivals", "retrieval.stock"):
        monkeypatch.setattr(f"{module}.PARSER_VERSION", "another")
    assert len(_told(library, tmp_path / "agreements" / "catalog.toml")) == 2
    assert library.version != before
    assert [version.number for version in library.versions()] == [1, 1]


def test_an_agreement_no_longer_in_the_catalog_is_gone(make_library: MakeLibrary) -> None:
    make_library({"jia": _JIA, "yi": _YI})
    library = make_library({"yi": _YI})
    assert [agreement.key for agreement in library.agreements] == ["yi"]
    assert {clause.agreement for clause in library.clauses()} == {"yi"}
    with pytest.raises(UnknownAgreement, match=r"'jia'.*：yi$"):
        library.clauses(["jia"])


@pytest.mark.parametrize("keys", [("yi", "jia"), ("yi", "bing", "jia"), ("bing", "jia", "yi")])
def test_the_order_of_the_catalog_is_kept_when_it_changes(make_library: MakeLibrary, keys: tuple[str, ...]) -> None:
    texts = {"jia": _JIA, "yi": _YI, "bing": _JIA}
    make_library({"jia": _JIA, "yi": _YI})
    library = make_library({key: texts[key] for key in keys})
    assert [agreement.key for agreement in library.agreements] == list(keys)
    assert list(dict.fromkeys(clause.agreement for clause in library.clauses())) == list(keys)


def test_clauses_of_an_agreement_stand_together_whatever_was_added_when(make_library: MakeLibrary) -> None:
    make_library({"jia": _JIA})
    library = make_library({"yi": _YI, "jia": _JIA})
    keys = [clause.agreement for clause in library.clauses()]
    assert keys in (["jia"] * 3 + ["yi"] * 3, ["yi"] * 3 + ["jia"] * 3)


def test_the_source_text_is_kept_as_it_was_given(shipped: Library) -> None:
    for agreement in shipped.agreements:
        assert shipped.source_text(agreement.key) == (_SHIPPED / agreement.file).read_text(encoding="utf-8")


def test_an_unknown_agreement_is_refused_with_the_known_ones(shipped: Library) -> None:
    for asked in (lambda: shipped.agreement("dingtalk"), lambda: shipped.clauses(["dingtalk"]), lambda: shipped.source_text("dingtalk")):
        with pytest.raises(UnknownAgreement, match=r"'dingtalk'.*：qidian、wework、lexiang、archive、weka$"):
            asked()


def test_likely_questions_are_kept_by_clause(shipped: Library) -> None:
    likely = shipped.likely()
    assert set(likely) <= {clause.ref for clause in shipped.clauses()}
    assert any("退" in question.text for question in likely["qidian", "4.7"])


def test_a_likely_question_for_another_wording_is_left_out(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA})
    _, paid, late = library.clauses()
    rows = [
        f'{{"clause": "{c.id}", "of": "{clause_digest(c)}", "questions": [{{"voice": "plain", "text": "{c.id}？"}}]}}' for c in (paid, late)
    ]
    folder = tmp_path / "agreements"
    (folder / "jia.questions.jsonl").write_text("\n".join(rows), encoding="utf-8")
    catalog = folder / "catalog.toml"
    catalog.write_text(catalog.read_text(encoding="utf-8") + 'questions = "jia.questions.jsonl"\n', encoding="utf-8")
    library.sync(catalog)
    assert set(library.likely()) == {("jia", "1.1"), ("jia", "1.2")}
    (folder / "jia.txt").write_text(_JIA.replace("甲方应当付款", "乙方应当付款"), encoding="utf-8")
    library.sync(catalog)
    assert set(library.likely()) == {("jia", "1.2")}


def _break_a_text(folder: Path) -> None:
    (folder / "yi.txt").write_bytes(b"\x00\x01\x02")


def _empty_a_text(folder: Path) -> None:
    (folder / "yi.txt").write_bytes(b"")


def _lose_a_text(folder: Path) -> None:
    (folder / "yi.txt").unlink()


def _break_the_catalog(folder: Path) -> None:
    (folder / "catalog.toml").write_text("[jia", encoding="utf-8")


def _break_the_questions(folder: Path) -> None:
    (folder / "yi.questions.jsonl").write_text("{", encoding="utf-8")
    with (folder / "catalog.toml").open("a", encoding="utf-8") as catalog:
        catalog.write('questions = "yi.questions.jsonl"\n')


@pytest.mark.parametrize(
    ("damage", "error", "named"),
    [
        (_break_a_text, UnreadableFile, "yi.txt"),
        (_empty_a_text, UnreadableFile, "yi.txt"),
        (_lose_a_text, CatalogError, "yi.txt"),
        (_break_the_catalog, CatalogError, "catalog.toml"),
        (_break_the_questions, CatalogError, "yi.questions.jsonl line 1"),
    ],
)
def test_a_broken_file_among_good_ones_changes_nothing(
    make_library: MakeLibrary, tmp_path: Path, damage: Callable[[Path], None], error: type[Exception], named: str
) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    before = _content(tmp_path)
    folder = tmp_path / "agreements"
    (folder / "jia.txt").write_text(_JIA.replace("付款", "交货"), encoding="utf-8")  # a change that would be taken in
    damage(folder)
    with pytest.raises(error, match=named):
        library.sync(folder / "catalog.toml")
    assert _content(tmp_path) == before
    assert library.clauses(["jia"])[1].text == "甲方应当付款。"


def test_a_text_is_taken_in_after_it_was_mended(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    folder = tmp_path / "agreements"
    _break_a_text(folder)
    with pytest.raises(UnreadableFile):
        library.sync(folder / "catalog.toml")
    (folder / "yi.txt").write_text(_YI.replace("一年", "两年"), encoding="utf-8")
    assert _told(library, folder / "catalog.toml") == ["读取《yi协议》"]
    assert library.clauses(["yi"])[1].text == "期限两年。"


def test_a_catalog_of_no_agreement_makes_a_library_of_none(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text("# none yet\n", encoding="utf-8")
    library = Library(f"sqlite:///{tmp_path / 'library.db'}")
    assert library.sync(tmp_path / "catalog.toml") is False
    assert library.agreements == []
    assert library.clauses() == []


@pytest.mark.parametrize(
    "use",
    [
        lambda library: library.sync(_SHIPPED / "catalog.toml"),
        lambda library: library.agreements,
        lambda library: library.version,
        lambda library: library.clauses(["qidian"]),
        lambda library: library.likely(),
        lambda library: library.source_text("qidian"),
    ],
    ids=["sync", "agreements", "version", "clauses", "likely", "source_text"],
)
def test_a_file_that_is_no_database_is_told_in_one_sentence(tmp_path: Path, use: Callable[[Library], object]) -> None:
    (tmp_path / "library.db").write_bytes(b"no database, whatever its name says. " * 200)
    with pytest.raises(StorageError, match=r"library\.db cannot be used: file is not a database") as caught:
        use(Library(f"sqlite:///{tmp_path / 'library.db'}"))
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match=r"file/library\.db cannot be used: unable to open database file") as caught:
        Library(f"sqlite:///{tmp_path / 'file' / 'library.db'}").sync(_SHIPPED / "catalog.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense://somewhere/library", "library.db", ""])
def test_a_database_url_that_means_nothing_is_told_in_one_sentence(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        Library(url).sync(_SHIPPED / "catalog.toml")
    assert "\n" not in str(caught.value)


def test_the_password_of_a_database_is_never_told() -> None:
    with pytest.raises(StorageError) as caught:
        Library("postgresql+psycopg://wenyue:geheim@127.0.0.1:9/wenyue").sync(_SHIPPED / "catalog.toml")
    assert "geheim" not in str(caught.value)


def _sync(url: str, catalog: Path) -> list[str]:
    library = Library(url)
    library.sync(catalog)
    return [clause.id for clause in library.clauses()]


@pytest.mark.parametrize("attempt", range(3))
def test_several_processes_may_fill_a_new_database_at_once(together: Callable[..., list[Any]], tmp_path: Path, attempt: int) -> None:
    found = together(_sync, [(f"sqlite:///{tmp_path / 'library.db'}", _SHIPPED / "catalog.toml")] * 4)
    assert found[1:] == found[:-1]
    assert len(found[0]) == 691


def _sync_with_little_room(url: str, catalog: Path, room: int) -> str:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        Library(url).sync(catalog)
    except StorageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("room", [20_000, 120_000])
def test_a_full_disk_is_told_in_one_sentence_and_nothing_is_half_written(
    together: Callable[..., list[Any]], make_library: MakeLibrary, tmp_path: Path, room: int
) -> None:
    make_library({"jia": _JIA, "yi": _YI})
    before = _content(tmp_path)
    folder = tmp_path / "agreements"
    shutil.copy(_SHIPPED / "qidian.txt", folder / "jia.txt")
    shutil.copy(_SHIPPED / "wework.txt", folder / "yi.txt")
    (told,) = together(_sync_with_little_room, [(f"sqlite:///{tmp_path / 'library.db'}", folder / "catalog.toml", room)])
    assert told.startswith("the database sqlite:///")
    assert "cannot be used" in told
    assert "\n" not in told
    assert _content(tmp_path) == before
