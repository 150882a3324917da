from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.clause import Clause, Kind
from retrieval.errors import CatalogError
from retrieval.library import Library
from retrieval.likely import VOICES, LikelyQuestion, clause_digest, load_likely


def _clause(clause_id: str, text: str, heading: str = "") -> Clause:
    return Clause("jia", clause_id, clause_id, 1, Kind.CLAUSE, 1, None, heading, text, False, f"《甲协议》{clause_id}")


_PAY, _END = _clause("1.1", "甲方应当付款。"), _clause("1.2", "期满终止。")
_CLAUSES = {clause.id: clause for clause in (_PAY, _END)}


def _row(clause: Clause, *texts: str, voice: str = "plain") -> str:
    questions = [{"voice": voice, "text": text} for text in texts]
    return json.dumps({"clause": clause.id, "of": clause_digest(clause), "questions": questions}, ensure_ascii=False)


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "jia.questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_questions_are_read_by_clause(tmp_path: Path) -> None:
    found, stale = load_likely(_file(tmp_path, _row(_PAY, "谁付款？", "要付钱吗"), "", _row(_END, "何时终止？", voice="lay")), _CLAUSES)
    assert found == {
        "1.1": [LikelyQuestion("plain", "谁付款？"), LikelyQuestion("plain", "要付钱吗")],
        "1.2": [LikelyQuestion("lay", "何时终止？")],
    }
    assert stale == []


def test_questions_of_a_clause_that_is_gone_or_reworded_are_stale(tmp_path: Path) -> None:
    reworded = _clause("1.2", "期满自动续期。")
    gone = _clause("9.9", "不再有。")
    found, stale = load_likely(_file(tmp_path, _row(_PAY, "谁付款？"), _row(reworded, "会续期吗？"), _row(gone, "？")), _CLAUSES)
    assert list(found) == ["1.1"]
    assert stale == ["1.2", "9.9"]


def test_the_digest_changes_with_the_text_and_the_heading_only() -> None:
    digest = clause_digest(_PAY)
    assert clause_digest(_clause("7.7", _PAY.text)) == digest
    assert clause_digest(_clause("1.1", "甲方应当付款")) != digest
    assert clause_digest(_clause("1.1", _PAY.text, heading="付款")) != digest


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "7",
        '"1.1"',
        "{}",
        '{"clause": "1.1"}',
        '{"clause": "1.1", "of": "x"}',
        '{"clause": "1.1", "of": "x", "questions": 3}',
        '{"clause": "1.1", "of": "x", "questions": ["谁付款？"]}',
        '{"clause": "1.1", "of": "x", "questions": [{"voice": "plain"}]}',
    ],
)
def test_a_line_of_another_shape_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(CatalogError, match=r"jia\.questions\.jsonl line 3: expected"):
        load_likely(_file(tmp_path, _row(_PAY, "谁付款？"), "", line), _CLAUSES)


def test_an_unknown_voice_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"line 1: unknown voice 'angry'; voices are plain, lay"):
        load_likely(_file(tmp_path, _row(_PAY, "谁付款？", voice="angry")), _CLAUSES)


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_is_known(tmp_path: Path, voice: str) -> None:
    found, _ = load_likely(_file(tmp_path, _row(_PAY, "谁付款？", voice=voice)), _CLAUSES)
    assert found["1.1"] == [LikelyQuestion(voice, "谁付款？")]


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"cannot read the likely questions none\.jsonl"):
        load_likely(tmp_path / "none.jsonl", _CLAUSES)
    (tmp_path / "bad.jsonl").write_bytes("谁付款？".encode("gb18030"))
    with pytest.raises(CatalogError, match=r"cannot read the likely questions bad\.jsonl"):
        load_likely(tmp_path / "bad.jsonl", _CLAUSES)


@pytest.mark.parametrize("key", ["qidian", "wework", "lexiang", "archive", "weka"])
def test_no_shipped_question_is_stale(shipped: Library, key: str) -> None:
    path = Path(__file__).parents[2] / "agreements" / f"{key}.questions.jsonl"
    found, stale = load_likely(path, {clause.id: clause for clause in shipped.clauses([key])})
    assert stale == []
    assert found == {clause: questions for (agreement, clause), questions in shipped.likely().items() if agreement == key}
