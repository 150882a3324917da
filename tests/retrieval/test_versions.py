"""Every version of an agreement is kept, and the newest whose day has come is in force."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from retrieval.clause import Clause
from retrieval.errors import AgreementRefused, UnknownAgreement, UnknownVersion, UnreadableFile
from retrieval.index import index_version
from retrieval.library import Library
from retrieval.likely import clause_digest

MakeLibrary = Callable[[Mapping[str, str]], Library]

_JIA = "一、费用\n\n1.1 甲方应当付款。\n\n1.2 逾期付款的，按日支付违约金。\n"
_YI = "一、期限\n\n1.1 期限一年。\n\n1.2 期满终止。\n"
_LATER = _JIA.replace("付款。", "在 7 日内付款。")
_LAST = _JIA.replace("付款。", "在 30 日内付款。")
_BEFORE_VERSIONS = Path(__file__).with_name("library_without_versions.sql")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return tmp_path / "agreements" / "catalog.toml"


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a text into a file outside of the catalog's folder."""

    def write(text: str, name: str = "given.txt") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


WriteFile = Callable[..., Path]


def _catalogued(catalog: Path, key: str, text: str) -> None:
    (catalog.parent / f"{key}.txt").write_text(text, encoding="utf-8")


def _at(folder: Path, day: str) -> Library:
    """The library in a folder, opened on a day."""
    return Library(f"sqlite:///{folder / 'library.db'}", clock=lambda: datetime.fromisoformat(f"{day}T12:00:00+08:00"))


def _first(clauses: list[Clause]) -> str:
    """What 1.1 says."""
    return next(clause.text for clause in clauses if clause.id == "1.1")


def _numbers(library: Library, key: str) -> list[int]:
    return [version.number for version in library.versions(key)]


def test_what_the_catalog_brings_is_the_first_version(make_library: MakeLibrary) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    assert [(version.key, version.number, version.shipped) for version in library.versions()] == [("jia", 1, True), ("yi", 1, True)]
    assert library.version_clauses("jia", 1) == library.clauses(["jia"])
    assert library.agreement("jia").version == 1


def test_an_update_is_the_next_version_and_the_old_one_is_kept(make_library: MakeLibrary, file: WriteFile) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    before, old, kept = library.version, library.clauses(["jia"]), library.clauses(["yi"])
    version, report = library.update("jia", file(_LATER, "新合同.txt"), "2022-03-01")
    assert (version.number, version.shipped, version.agreement.file) == (2, False, "新合同.txt")
    assert report is not None
    assert report.clauses == 3
    assert _first(library.clauses(["jia"])) == "甲方应当在 7 日内付款。"
    assert library.version_clauses("jia", 1) == old
    assert library.version_clauses("jia", 2) == library.clauses(["jia"])
    assert library.clauses(["yi"]) == kept
    assert library.version != before
    assert (library.agreement("jia").version, library.agreement("jia").effective) == (2, "2022-03-01")
    assert [agreement.key for agreement in library.agreements] == ["jia", "yi"]
    assert library.source_text("jia") == _LATER


def test_a_version_knows_its_file_and_when_it_was_added(make_library: MakeLibrary, file: WriteFile, tmp_path: Path) -> None:
    make_library({"jia": _JIA})
    added = datetime(2025, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    Library(f"sqlite:///{tmp_path / 'library.db'}", clock=lambda: added).update("jia", file(_LATER))
    version = Library(f"sqlite:///{tmp_path / 'library.db'}").versions("jia")[-1]
    assert version.added_at == added
    assert version.added_at.tzinfo is UTC
    assert len(version.sha256) == 64
    assert version.sha256 != Library(f"sqlite:///{tmp_path / 'library.db'}").versions("jia")[0].sha256


def test_another_version_is_another_index(make_library: MakeLibrary, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    before = index_version(library)
    library.update("jia", file(_LATER))
    assert index_version(library) != before


def test_the_same_words_are_no_new_version(make_library: MakeLibrary, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    before = library.version
    version, report = library.update("jia", file(_JIA.replace("\n\n", "\n\n\n") + "\n\n"))
    assert (version.number, report) == (1, None)
    assert _numbers(library, "jia") == [1]
    assert library.version == before


def test_what_is_asked_for_in_vain_is_told(make_library: MakeLibrary, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    for asked in (lambda: library.update("bing", file(_YI)), lambda: library.remove("bing"), lambda: library.versions("bing")):
        with pytest.raises(UnknownAgreement, match=r"'bing'.*：jia$"):
            asked()
    with pytest.raises(UnknownVersion, match="jia 没有第 2 版；只有第 1 版"):
        library.version_clauses("jia", 2)
    with pytest.raises(AgreementRefused, match="不能恢复 jia：没有移除过"):
        library.restore("jia")


@pytest.mark.parametrize("data", [b"", b" \n\n ", b"\x00\x01\x02\x03" * 50, None], ids=["empty", "blank", "binary", "missing"])
def test_a_file_that_cannot_be_read_changes_nothing(data: bytes | None, make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA})
    before = (library.version, library.clauses(), library.versions())
    path = tmp_path / "bad.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"bad\.txt"):
        library.update("jia", path)
    assert (library.version, library.clauses(), library.versions()) == before


def test_a_version_is_in_force_from_its_day(make_library: MakeLibrary, file: WriteFile, catalog: Path, tmp_path: Path) -> None:
    make_library({"jia": _JIA, "yi": _YI})
    library = _at(tmp_path, "2025-02-20")
    library.update("jia", file(_LATER), "2025-03-01")
    assert (library.agreement("jia").version, _first(library.clauses(["jia"]))) == (1, "甲方应当付款。")
    assert _first(library.version_clauses("jia", 2)) == "甲方应当在 7 日内付款。"
    for day, number in (("2025-02-28", 1), ("2025-03-01", 2), ("2025-03-02", 2)):
        library = _at(tmp_path, day)
        assert library.sync(catalog) is (day == "2025-03-01")
        assert library.agreement("jia").version == number
    assert _first(library.clauses(["jia"])) == "甲方应当在 7 日内付款。"


def test_the_only_version_is_in_force_whatever_its_day(make_library: MakeLibrary, file: WriteFile, tmp_path: Path) -> None:
    make_library({"jia": _JIA})
    library = _at(tmp_path, "2025-02-20")
    library.add(file(_YI), key="yi", title="乙方协议", effective="2030-01-01")
    assert _first(library.clauses(["yi"])) == "期限一年。"


def test_the_day_of_a_version_can_be_set_afterwards(make_library: MakeLibrary, file: WriteFile, catalog: Path, tmp_path: Path) -> None:
    make_library({"jia": _JIA})
    library = _at(tmp_path, "2025-02-20")
    library.update("jia", file(_LATER))
    version, report = library.update("jia", file(_LATER), "2025-03-01")
    assert (version.number, version.agreement.effective, report) == (2, "2025-03-01", None)
    assert library.agreement("jia").version == 1
    assert library.sync(catalog) is False
    library.update("jia", file(_LATER), "2025-02-01")
    assert library.agreement("jia").version == 2
    assert _numbers(library, "jia") == [1, 2]


def test_a_changed_text_of_the_catalog_is_a_new_version(make_library: MakeLibrary, catalog: Path) -> None:
    library = make_library({"jia": _JIA})
    _catalogued(catalog, "jia", _LATER)
    assert library.sync(catalog) is True
    assert [(version.number, version.shipped) for version in library.versions("jia")] == [(1, True), (2, True)]
    assert library.agreement("jia").version == 2
    assert [_first(library.version_clauses("jia", number)) for number in (1, 2)] == ["甲方应当付款。", "甲方应当在 7 日内付款。"]


def test_a_text_of_the_catalog_that_only_looks_different_is_no_new_version(make_library: MakeLibrary, catalog: Path) -> None:
    library = make_library({"jia": _JIA})
    before = library.clauses()
    _catalogued(catalog, "jia", _JIA + "\n\n")
    library.sync(catalog)
    assert _numbers(library, "jia") == [1]
    assert library.clauses() == before
    assert library.source_text("jia") == _JIA + "\n\n"
    assert library.sync(catalog) is False


def test_an_update_is_kept_until_the_catalogs_own_text_changes(make_library: MakeLibrary, catalog: Path, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    library.update("jia", file(_LATER))
    assert library.sync(catalog) is False
    assert library.agreement("jia").version == 2
    _catalogued(catalog, "jia", _LAST)
    assert library.sync(catalog) is True
    assert (library.agreement("jia").version, _first(library.clauses(["jia"]))) == (3, "甲方应当在 30 日内付款。")
    assert library.sync(catalog) is False


def test_the_catalog_catching_up_with_an_update_brings_no_new_version(make_library: MakeLibrary, catalog: Path, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    library.update("jia", file(_LATER))
    _catalogued(catalog, "jia", _LATER)
    library.sync(catalog)
    assert [(version.number, version.shipped) for version in library.versions("jia")] == [(1, True), (2, True)]
    assert library.sync(catalog) is False


def test_what_the_catalog_says_of_an_agreement_holds_for_its_update_too(make_library: MakeLibrary, catalog: Path, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    library.update("jia", file(_LATER, "given.txt"), "2020-05-01")
    catalog.write_text(catalog.read_text(encoding="utf-8").replace('title = "jia协议"', 'title = "甲方协议"'), encoding="utf-8")
    assert library.sync(catalog) is True
    agreement = library.agreement("jia")
    assert (agreement.title, agreement.version, agreement.file, agreement.effective) == ("甲方协议", 2, "given.txt", "2020-05-01")
    assert library.clauses(["jia"])[0].label == "《甲方协议》一"


def test_a_removed_agreement_of_the_catalog_stays_away_until_it_is_restored(
    make_library: MakeLibrary, catalog: Path, file: WriteFile
) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    library.update("jia", file(_LATER))
    library.remove("jia")
    for text in (_JIA, _LAST):
        _catalogued(catalog, "jia", text)
        assert library.sync(catalog) is False
        assert [agreement.key for agreement in library.agreements] == ["yi"]
    with pytest.raises(AgreementRefused, match="restore jia"):
        library.add(file(_JIA), key="jia")
    library.restore("jia")
    assert library.sync(catalog) is True
    assert [agreement.key for agreement in library.agreements] == ["jia", "yi"]
    assert (_numbers(library, "jia"), _first(library.clauses(["jia"]))) == ([1], "甲方应当在 30 日内付款。")


def test_an_added_agreement_stays_whatever_the_catalog_lists(make_library: MakeLibrary, catalog: Path, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    library.add(file(_LATER), key="bing", title="丙方协议", names=["丙"])
    library = make_library({"yi": _YI, "jia": _JIA})
    assert [agreement.key for agreement in library.agreements] == ["yi", "jia", "bing"]
    library = make_library({"bing": _YI})
    assert [(agreement.key, agreement.title) for agreement in library.agreements] == [("bing", "丙方协议")]
    assert _first(library.clauses(["bing"])) == "甲方应当在 7 日内付款。"


def test_an_added_agreement_that_is_removed_is_gone_for_good(
    make_library: MakeLibrary, catalog: Path, file: WriteFile, tmp_path: Path
) -> None:
    library = make_library({"jia": _JIA})
    library.add(file("二、保密\n\n2.1 丙方应当保守秘密。\n", "secret.txt"), key="bing", title="丙方协议")
    library.remove("bing")
    assert library.sync(catalog) is False
    assert [agreement.key for agreement in library.agreements] == ["jia"]
    with sqlite3.connect(tmp_path / "library.db") as database:
        assert "保守秘密" not in "\n".join(database.iterdump())
    database.close()
    library.add(file(_YI), key="bing", title="丙方协议")
    assert _numbers(library, "bing") == [1]


def test_the_order_stays_whatever_is_removed_and_updated(make_library: MakeLibrary, file: WriteFile) -> None:
    library = make_library({"jia": _JIA, "yi": _YI, "bing": _JIA, "ding": _YI})
    library.remove("jia")
    library.update("bing", file(_LATER))
    assert [agreement.key for agreement in library.agreements] == ["yi", "bing", "ding"]
    assert list(dict.fromkeys(clause.agreement for clause in library.clauses())) == ["yi", "bing", "ding"]


def test_versions_of_an_agreement_that_left_the_catalog_are_there_when_it_comes_back(make_library: MakeLibrary, file: WriteFile) -> None:
    library = make_library({"jia": _JIA, "yi": _YI})
    library.update("jia", file(_LATER))
    make_library({"yi": _YI})
    assert {version.key for version in library.versions()} == {"yi"}
    with pytest.raises(UnknownAgreement):
        library.update("jia", file(_LAST))
    make_library({"jia": _JIA, "yi": _YI})
    assert (_numbers(library, "jia"), library.agreement("jia").version) == ([1, 2], 2)


def test_every_version_is_parsed_anew_by_another_parser(
    make_library: MakeLibrary, catalog: Path, file: WriteFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = make_library({"jia": _JIA})
    library.update("jia", file(_LATER))
    with sqlite3.connect(tmp_path / "library.db") as database:
        database.execute("UPDATE version_clause SET text = 'as another parser would have it'")
    database.close()
    for module in ("retrieval.arrivals", "retrieval.stock"):
        monkeypatch.setattr(f"{module}.PARSER_VERSION", "another")
    told: list[str] = []
    assert library.sync(catalog, tell=told.append) is True
    assert told == ["读取《jia协议》", "读取《jia协议》第 2 版"]
    assert [_first(library.version_clauses("jia", number)) for number in (1, 2)] == ["甲方应当付款。", "甲方应当在 7 日内付款。"]
    assert library.sync(catalog, tell=told.append) is False


def test_a_version_whose_file_cannot_be_read_any_more_keeps_its_clauses(
    make_library: MakeLibrary, catalog: Path, file: WriteFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = make_library({"jia": _JIA})
    library.update("jia", file(_LATER))
    before = library.clauses()
    with sqlite3.connect(tmp_path / "library.db") as database:
        database.execute("UPDATE agreement_version SET data = X'00010203' WHERE number = 2")
    database.close()
    for module in ("retrieval.arrivals", "retrieval.stock"):
        monkeypatch.setattr(f"{module}.PARSER_VERSION", "another")
    told: list[str] = []
    library.sync(catalog, tell=told.append)
    assert any(message.endswith("仍用从前读到的条款") for message in told)
    assert library.clauses() == before
    assert library.sync(catalog) is False


def _asked(catalog: Path, library: Library) -> None:
    """Put a question beside every clause of jia."""
    rows = [
        {"clause": clause.id, "of": clause_digest(clause), "questions": [{"voice": "plain", "text": f"{clause.id}？"}]}
        for clause in library.clauses(["jia"])
        if clause.text
    ]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (catalog.parent / "jia.questions.jsonl").write_text(lines, encoding="utf-8")
    catalog.write_text(catalog.read_text(encoding="utf-8") + 'questions = "jia.questions.jsonl"\n', encoding="utf-8")
    library.sync(catalog)


def test_questions_follow_their_clause_to_another_number_and_through_another_figure(
    make_library: MakeLibrary, catalog: Path, file: WriteFile
) -> None:
    clause = "甲方应当在收到乙方开具的合法有效的增值税专用发票之后的 7 日内，将上一个自然月的服务费用付至乙方指定的账户。"
    library = make_library({"jia": f"一、费用\n\n1.1 {clause}\n\n1.2 期满终止。\n"})
    _asked(catalog, library)
    new = f"一、费用\n\n1.1 本协议以人民币计价。\n\n1.2 {clause.replace('7 日', '30 日')}\n\n1.3 期满自动续期一年。\n"
    assert _questions(library) == {"1.1": ["1.1？"], "1.2": ["1.2？"]}
    library.update("jia", file(new))
    assert _questions(library) == {"1.2": ["1.1？"]}
    assert library.sync(catalog) is False


def _questions(library: Library) -> dict[str, list[str]]:
    return {clause: [question.text for question in asked] for (_, clause), asked in library.likely().items()}


def test_questions_a_model_wrote_are_found_for_added_agreements_too(make_library: MakeLibrary, catalog: Path, file: WriteFile) -> None:
    library = make_library({"jia": _JIA})
    library.add(file(_YI), key="bing", title="丙方协议")
    clause = library.clauses(["bing"])[1]
    enriched = catalog.parent.parent / "enriched"
    enriched.mkdir()
    row = {"clause": clause.id, "of": clause_digest(clause), "questions": [{"voice": "plain", "text": "多久？"}]}
    (enriched / "bing.questions.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert library.sync(catalog, enriched=enriched) is True
    assert [question.text for question in library.likely()["bing", clause.id]] == ["多久？"]
    assert library.sync(catalog, enriched=enriched) is False


@pytest.fixture
def before_versions(tmp_path: Path, catalog: Path) -> Library:
    """A library that was made before there were versions, its catalog and texts beside it."""
    catalog.parent.mkdir()
    _catalogued(catalog, "jia", _JIA)
    _catalogued(catalog, "yi", _YI)
    about = 'names = ["{0}"]\nparties = ["甲方"]\nfile = "{0}.txt"\nsource = "测试"\n'
    tables = [f'[{key}]\ntitle = "{key}协议"\n{about.format(key)}' for key in ("jia", "yi")]
    catalog.write_text(f'{tables[0]}questions = "jia.questions.jsonl"\n{tables[1]}updated = 2022-10-18\n', encoding="utf-8")
    question = '{"clause": "1.1", "of": "e5236ea9cadb", "questions": [{"voice": "plain", "text": "谁付款？"}]}'
    (catalog.parent / "jia.questions.jsonl").write_text(question, encoding="utf-8")
    with sqlite3.connect(tmp_path / "library.db") as database:
        database.executescript(_BEFORE_VERSIONS.read_text(encoding="utf-8"))
    database.close()
    return Library(f"sqlite:///{tmp_path / 'library.db'}")


def test_a_library_without_versions_can_be_read_as_it_is(before_versions: Library) -> None:
    assert [(agreement.key, agreement.version) for agreement in before_versions.agreements] == [("jia", 1), ("yi", 1)]
    assert _first(before_versions.clauses(["yi"])) == "期限一年。"


def test_what_a_library_without_versions_holds_becomes_the_first_version(before_versions: Library, catalog: Path) -> None:
    clauses, likely = before_versions.clauses(), before_versions.likely()
    before_versions.sync(catalog)
    assert [(version.key, version.number, version.shipped) for version in before_versions.versions()] == [("jia", 1, True), ("yi", 1, True)]
    assert before_versions.clauses() == clauses == [clause for key in ("jia", "yi") for clause in before_versions.version_clauses(key, 1)]
    assert before_versions.likely() == likely != {}
    assert before_versions.sync(catalog) is False


def test_what_changed_since_a_library_without_versions_is_its_second_version(before_versions: Library, catalog: Path) -> None:
    _catalogued(catalog, "jia", _LATER)
    before_versions.sync(catalog)
    assert _numbers(before_versions, "jia") == [1, 2]
    assert [_first(before_versions.version_clauses("jia", number)) for number in (1, 2)] == ["甲方应当付款。", "甲方应当在 7 日内付款。"]
    assert _numbers(before_versions, "yi") == [1]


def test_a_library_without_versions_can_be_changed_at_once(before_versions: Library, file: WriteFile) -> None:
    old = before_versions.clauses(["jia"])
    before_versions.update("jia", file(_LATER))
    before_versions.remove("yi")
    assert (_numbers(before_versions, "jia"), before_versions.version_clauses("jia", 1)) == ([1, 2], old)
    assert [agreement.key for agreement in before_versions.agreements] == ["jia"]


def test_a_copy_of_the_database_holds_everything(make_library: MakeLibrary, file: WriteFile, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA})
    library.update("jia", file(_LATER))
    shutil.copy(tmp_path / "library.db", tmp_path / "copy.db")
    copy = Library(f"sqlite:///{tmp_path / 'copy.db'}")
    assert copy.versions() == library.versions()
    assert copy.version_clauses("jia", 1) == library.version_clauses("jia", 1)


def test_who_has_the_library_open_learns_of_versions_others_add(make_library: MakeLibrary, file: WriteFile, tmp_path: Path) -> None:
    library = make_library({"jia": _JIA})
    clauses = library.clauses()
    _at(tmp_path, "2025-03-01").update("jia", file(_LATER))
    _at(tmp_path, "2025-03-01").add(file(_YI), key="bing", title="丙方协议")
    assert [(version.key, version.number) for version in library.versions()] == [("jia", 1), ("jia", 2), ("bing", 1)]
    assert _first(library.version_clauses("jia", 2)) == "甲方应当在 7 日内付款。"
    assert library.clauses() == clauses == library.version_clauses("jia", 1)
    assert replace(library.versions("jia")[0].agreement, version=1) == library.agreement("jia")
