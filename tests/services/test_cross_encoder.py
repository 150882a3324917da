"""A re-ranker that sentence-transformers runs here: a real, tiny cross-encoder, read from a folder.

The model is a BERT of two layers that this test makes, with random weights: it knows no meanings, but scores every pair of texts in its own
way. Where sentence-transformers is not installed these tests fail: none is left out. `.ci/run` installs it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import transformers

from answering.acts import Acts
from answering.answer import Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.errors import ModelError
from answering.evidence import exhibit
from answering.reranking import Reranker, load_reranker
from prompts.prompt import load_prompt
from retrieval.clause import Hit
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

MakeFolder = Callable[..., Path]

_QUESTION = "企点开通几天内可以无条件退款？"
_LONGEST = 96  # tokens the model reads


@pytest.fixture(scope="session")
def make_folder(shipped: Library, tmp_path_factory: pytest.TempPathFactory) -> MakeFolder:
    """Makes a folder that holds a model: a cross-encoder with as many scores a pair as there are labels, a plain BERT where there are none."""

    def make(labels: int, *, weight: float | None = None) -> Path:
        folder = tmp_path_factory.mktemp("cross-encoder")
        letters = sorted({char for clause in shipped.clauses() for char in clause.content if char.isalnum()})
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
        (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
        torch.manual_seed(7)
        config = transformers.BertConfig(
            vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
            max_position_embeddings=_LONGEST, initializer_range=0.5, num_labels=labels or 2,
        )  # fmt: skip
        model = transformers.BertForSequenceClassification(config) if labels else transformers.BertModel(config)
        if weight is not None:
            torch.nn.init.constant_(model.classifier.weight, weight)
        model.save_pretrained(folder)
        transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def folder(make_folder: MakeFolder) -> Path:
    return make_folder(1)


@pytest.fixture(scope="session")
def load(shipped_index: Index) -> Callable[[str | Path], Reranker]:
    prompt = load_prompt("choose", ("clauses", "question"))
    return lambda model: load_reranker(f"sentence-transformers:{model}", None, prompt, shipped_index.links, 6000)


@pytest.fixture(scope="session")
def reranker(load: Callable[[Path], Reranker], folder: Path) -> Reranker:
    return load(folder)


@pytest.fixture(scope="session")
def search(shipped_index: Index) -> Search:
    return Search(shipped_index, Ranking.load(), Lexicon.load())


@pytest.fixture(scope="session")
def hits(search: Search) -> list[Hit]:
    return search.find("开通几天内可以无条件退款", ["qidian"], 25)


def _logits(folder: Path, question: str, texts: list[str]) -> list[float]:
    """What the model says, asked without sentence-transformers, one pair at a time."""
    tokenizer = transformers.BertTokenizer.from_pretrained(folder)
    model = transformers.BertForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        pairs = [tokenizer(question, text, truncation="longest_first", max_length=_LONGEST, return_tensors="pt") for text in texts]
        return [float(model(**pair).logits) for pair in pairs]


def test_the_best_twenty_are_in_the_order_of_the_model_and_the_rest_as_they_were(
    reranker: Reranker, folder: Path, hits: list[Hit], shipped_index: Index
) -> None:
    texts = [shown.text for shown in exhibit([hit.clause for hit in hits[:20]], shipped_index.links)]
    logits = _logits(folder, _QUESTION, texts)
    found, completion = reranker.rerank(_QUESTION, hits)
    order = sorted(range(20), key=lambda at: -logits[at])
    assert order != list(range(20))
    assert [hit.clause for hit in found] == [*(hits[at].clause for at in order), *(hit.clause for hit in hits[20:])]
    assert [hit.score for hit in found] == [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert completion is None


def test_threads_may_ask_at_once(reranker: Reranker, hits: list[Hit]) -> None:
    questions = [_QUESTION, "发票什么时候开", "不可抗力" * 40] * 4
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: reranker.rerank(question, hits), questions))
    assert together[:3] == [reranker.rerank(question, hits) for question in questions[:3]]
    assert together == together[:3] * 4


def test_nothing_found_is_nothing_to_order(reranker: Reranker) -> None:
    assert reranker.rerank(_QUESTION, []) == ([], None)


def test_the_clause_cited_is_the_one_the_model_puts_first(reranker: Reranker, shipped: Library, search: Search, hits: list[Hit]) -> None:
    acts = Acts.load()
    plain = Answerer(shipped, search, Confidence.load(), acts).answer(_QUESTION)
    answer = Answerer(shipped, search, Confidence.load(), acts, reranker=reranker).answer(_QUESTION)
    best = reranker.rerank(_QUESTION, plain.retrieved)[0][0].clause
    assert plain.citations[0].clause != best
    assert (answer.status, answer.citations[0].clause, answer.retrieved[0].clause) == (Status.ANSWERED, best, best)
    assert answer.confidence == plain.confidence


def test_scores_that_are_no_numbers_leave_the_order_and_are_told_of_in_one_line(
    load: Callable[[Path], Reranker], make_folder: MakeFolder, hits: list[Hit], caplog: pytest.LogCaptureFixture
) -> None:
    broken = load(make_folder(1, weight=float("nan")))
    with caplog.at_level(logging.WARNING, "answering"):
        assert broken.rerank(_QUESTION, hits) == (hits, None)
    (line,) = caplog.messages
    assert "NaN" in line
    assert "退款" not in line


@pytest.mark.parametrize("labels", [0, 3])
def test_a_model_that_does_not_give_a_pair_one_score_is_refused(
    labels: int, load: Callable[[Path], Reranker], make_folder: MakeFolder
) -> None:
    folder = make_folder(labels)
    with pytest.raises(ModelError, match="不是给一对文字打一个分的模型") as refused:
        load(folder)
    assert f"WENYUE_RERANKER='sentence-transformers:{folder}'" in str(refused.value)


@pytest.mark.parametrize("model", ["{}/none", "{}", "./none"])
def test_a_folder_that_is_not_there_or_holds_no_model_is_told_of_in_one_sentence(
    model: str, tmp_path: Path, load: Callable[[str], Reranker]
) -> None:
    name = model.format(tmp_path)
    with pytest.raises(ModelError) as refused:
        load(name)
    assert f"WENYUE_RERANKER='sentence-transformers:{name}'" in str(refused.value)
    assert "\n" not in str(refused.value)


def _wenyue(home: Path, model: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`wenyue` in a process of its own with this re-ranker, and a model hub that nobody can reach."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return subprocess.run(
        [Path(sys.executable).with_name("wenyue"), *arguments],
        env={
            "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "300", "WENYUE_HOME": str(home),
            "WENYUE_AGREEMENTS": str(home / "agreements"), "WENYUE_RERANKER": f"sentence-transformers:{model}",
            "HF_HOME": str(home / "hub"), "HF_ENDPOINT": f"http://127.0.0.1:{port}",
        },
        cwd=home,
        capture_output=True,
        text=True,
        timeout=100,
    )  # fmt: skip


@pytest.fixture
def small(make_library: Callable[..., Library], tmp_path: Path) -> Path:
    """The data folder of a machine with one small agreement."""
    make_library({"jia": "一、退款\n\n1.1 您有权要求终止合作并全额退款。\n\n1.2 增值服务一经购买无法取消。\n"})
    return tmp_path


def test_the_command_line_re_ranks_with_the_model_of_a_folder_without_a_look_at_the_network(small: Path, folder: Path) -> None:
    run = _wenyue(small, str(folder), "ask", "您有权要求终止合作并全额退款", "--json")
    assert (run.returncode, "Traceback" in run.stderr) == (0, False), run.stderr
    assert {hit["id"] for hit in json.loads(run.stdout)["retrieved"]} == {"1.1", "1.2"}
    doctor = _wenyue(small, str(folder), "doctor")
    assert f"找到的条款由 sentence-transformers:{folder} 重排" in doctor.stdout


def test_a_model_that_cannot_be_downloaded_is_told_of_in_one_sentence(small: Path) -> None:
    run = _wenyue(small, "maker/tiny", "ask", "退款")
    assert (run.returncode, run.stdout) == (1, "")
    line = run.stderr.strip().splitlines()[-1]
    assert line.startswith("错误：WENYUE_RERANKER='sentence-transformers:maker/tiny' 不在这台机器上，也下载不到")
    assert "Traceback" not in run.stderr
