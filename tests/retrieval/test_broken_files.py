"""Whatever became of a file's bytes: its clauses are read, or one sentence says what is wrong with it, and soon."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import UnreadableFile
from retrieval.source import Source
from tests.retrieval.broken_files import DOCX, HTML, PDF, TEXTS, mutated, mutated_parts

_SOON = 30.0  # seconds, on a busy machine
_RANDOM = st.randoms(use_true_random=True)
_quick = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_read_or_refused(name: str, data: bytes) -> None:
    began = time.monotonic()
    said = None
    try:
        parsed = Source(name, data, name).read().checked("key", "停车服务协议")
    except UnreadableFile as error:
        said = str(error)
    if said is not None:
        assert name in said
        assert len(said.splitlines()) == 1
    else:
        assert len({clause.id for clause in parsed.clauses}) == len(parsed.clauses)
        assert any(clause.text for clause in parsed.clauses)
    assert time.monotonic() - began < _SOON


@pytest.mark.parametrize("file", [("a.docx", DOCX), ("a.html", HTML), ("a.pdf", PDF), ("a.txt", TEXTS["utf-8"])])
def test_the_files_are_read_as_they_are(file: tuple[str, bytes]) -> None:
    parsed = Source(*file, file[0]).read().checked("key", "停车服务协议")
    assert any("锁好车门" in clause.text for clause in parsed.clauses)


@_quick
@given(_RANDOM, st.booleans())
def test_a_broken_docx(random: Random, packed: bool) -> None:
    is_read_or_refused("a.docx", mutated(DOCX, random) if packed else mutated_parts(DOCX, random))


@_quick
@given(_RANDOM)
def test_a_broken_page_of_html(random: Random) -> None:
    is_read_or_refused("a.html", mutated(HTML, random))


@_quick
@given(_RANDOM, st.sampled_from(sorted(TEXTS)))
def test_a_broken_text_in_any_encoding(random: Random, encoding: str) -> None:
    is_read_or_refused("a.txt", mutated(TEXTS[encoding], random))


@_quick
@given(st.binary(max_size=2000), st.sampled_from(["a.txt", "a.docx", "a.html", "a.md", "a"]))
def test_any_bytes_under_any_name(data: bytes, name: str) -> None:
    is_read_or_refused(name, data)


@settings(max_examples=8, deadline=None)  # each in a process of its own
@given(_RANDOM)
def test_a_broken_pdf(random: Random) -> None:
    is_read_or_refused("a.pdf", mutated(PDF, random))
