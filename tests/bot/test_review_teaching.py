"""A question that was refused is answered when somebody has said which clause answers it, and every other question as before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.review.questions import AskedQuestions
from retrieval.library import Library
from retrieval.likely import PERSON

_REFUSED = "乐享有没有手机版"
_CLAUSE = ("lexiang", "3.1.2")
_OTHERS = ("企点开通几天内可以无条件退款？", "发票什么时候寄给我们", "周杰伦是谁", "企点能不能送我一台打印机")


def _run(*arguments: str, code: int = 0, typed: str = "") -> str:
    result = CliRunner().invoke(app, arguments, input=typed)
    assert result.exit_code == code, result.output
    return result.stdout if not code else result.output


def _asked(question: str) -> dict[str, object]:
    answer = json.loads(_run("ask", question, "--json"))
    cited = [(citation["agreement"], citation["id"]) for citation in answer["citations"]]
    return {"status": answer["status"], "cited": cited, "text": answer["text"]}


@pytest.fixture
def home(built_home: Path, shipped: Library, shipped_index: object, tmp_path: Path) -> Path:
    """A data folder with the index of the shipped agreements in it."""
    shutil.copytree(built_home / "index", tmp_path / "index")
    return tmp_path


def test_a_refused_question_is_answered_by_the_right_clause_afterwards_and_others_as_before(home: Path) -> None:
    before = {question: _asked(question) for question in _OTHERS}
    assert _asked(_REFUSED)["status"] == "not_covered"
    [item] = [json.loads(line) for line in _run("review", "list", "--contains", "手机版", "--json").splitlines()]
    told = json.loads(_run("review", item["id"][:6], "--clause", "#".join(_CLAUSE), "--likely", "--json"))
    assert (told["decision"]["use"], told["decision"]["clauses"]) == ("likely", [{"agreement": "lexiang", "id": "3.1.2"}])
    answered = _asked(_REFUSED)
    assert (answered["status"], answered["cited"]) == ("answered", [_CLAUSE])
    assert {question: _asked(question) for question in _OTHERS} == before
    assert _run("review", "questions").split() == ["lexiang#3.1.2", _REFUSED]
    _run("review", "questions", "--remove", _REFUSED)
    assert _asked(_REFUSED)["status"] == "not_covered"


_CATALOG = '[jia]\ntitle = "甲协议"\nnames = ["甲"]\nparties = ["甲方"]\nfile = "jia.txt"\nsource = "测试"\nquestions = "jia.jsonl"\n'
_TEXT = "第一条 费用\n1.1 甲方应当按照本协议的约定按期付款。\n1.2 逾期付款的，每日按照未付款项的万分之五支付违约金。\n"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "jia.txt").write_text(_TEXT, encoding="utf-8")
    (folder / "jia.jsonl").write_text("", encoding="utf-8")
    (folder / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    library = Library(f"sqlite:///{tmp_path / 'jia.db'}")
    library.sync(folder / "catalog.toml", enriched=tmp_path / "enriched")
    yield library
    library.close()


def _sync(library: Library, tmp_path: Path) -> bool:
    return library.sync(tmp_path / "agreements" / "catalog.toml", enriched=tmp_path / "enriched")


def test_what_people_asked_stands_beside_what_a_model_wrote_and_is_marked(library: Library, tmp_path: Path) -> None:
    own = AskedQuestions(tmp_path / "enriched")
    [clause] = [clause for clause in library.clauses() if clause.id == "1.2"]
    own.add(clause, "晚付钱罚多少")
    file = tmp_path / "enriched" / "jia.asked.jsonl"
    row = json.loads(file.read_text(encoding="utf-8"))
    written = {**row, "questions": [{"voice": "plain", "text": "违约金怎么算"}], "by": "model"}
    (tmp_path / "enriched" / "jia.questions.jsonl").write_text(json.dumps(written), encoding="utf-8")
    assert _sync(library, tmp_path)
    likely = library.likely()[("jia", "1.2")]
    assert [(question.voice, question.text) for question in likely] == [("plain", "违约金怎么算"), (PERSON, "晚付钱罚多少")]
    assert row["by"] == "person"


def test_what_people_asked_goes_along_with_its_clause_and_not_with_another_text(library: Library, tmp_path: Path) -> None:
    own = AskedQuestions(tmp_path / "enriched")
    for clause in library.clauses():
        if clause.id in ("1.1", "1.2"):
            own.add(clause, f"问 {clause.id}")
    _sync(library, tmp_path)
    newer = tmp_path / "newer.txt"
    newer.write_text(
        "第一条 费用\n1.1 双方另行约定其他未尽的各项事宜。\n1.2 甲方应当按照本协议的约定按期付款。\n"
        "1.3 乙方收到逾期款项以后，可以自行决定免收利息、罚息与滞纳金。\n",
        encoding="utf-8",
    )
    library.update("jia", newer)
    asked = {clause: [question.text for question in questions] for (_, clause), questions in library.likely().items()}
    assert asked == {"1.2": ["问 1.1"]}


def test_a_change_of_what_people_asked_is_told_by_the_fingerprints(library: Library, tmp_path: Path) -> None:
    before = library.fingerprints()
    AskedQuestions(tmp_path / "enriched").add(library.clauses()[1], "钱什么时候付")
    assert _sync(library, tmp_path)
    assert library.fingerprints() != before


def test_a_question_is_answered_by_one_clause_alone(library: Library, tmp_path: Path) -> None:
    own = AskedQuestions(tmp_path / "enriched")
    for clause in library.clauses()[1:3]:
        own.add(clause, "钱什么时候付？")
    assert [(taken.clause, taken.text) for taken in own.all()] == [("1.2", "钱什么时候付？")]
    assert own.remove("钱什么时候付")
    assert not own.remove("钱什么时候付")
