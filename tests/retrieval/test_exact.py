from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.exact import ExactVectors, ExactWriter

_AGREEMENTS = ["jia", "jia", "yi", "jia", "bing", "yi"]
_POSITIONS = [2, 3, 5, 8, 9, 12]
_VECTORS = np.random.default_rng(5).normal(size=(6, 4)).astype(np.float32)


@pytest.fixture
def exact(tmp_path: Path) -> ExactVectors:
    with ExactWriter(tmp_path, "texts", _POSITIONS, _AGREEMENTS, 4) as writer:
        writer.add(_VECTORS[:4])
        writer.add(_VECTORS[4:])
    return ExactVectors(tmp_path, "texts")


def _cosines(vector: np.ndarray, *agreements: str) -> list[tuple[int, float]]:
    found = [
        (position, float(row @ vector / np.linalg.norm(row)))
        for position, row, agreement in zip(_POSITIONS, _VECTORS, _AGREEMENTS, strict=True)
        if agreement in agreements
    ]
    return sorted(found, key=lambda pair: -pair[1])


@pytest.mark.parametrize("agreements", [["jia"], ["yi"], ["bing"], ["jia", "yi"], ["yi", "bing", "jia"], ["jia", "nobody"], ["nobody"]])
@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_the_nearest_are_those_of_all_cosines(exact: ExactVectors, agreements: list[str], limit: int) -> None:
    for at in range(6):
        vector = _VECTORS[at] / np.linalg.norm(_VECTORS[at])
        found, wanted = exact.nearest(vector, agreements, limit), _cosines(vector, *agreements)[:limit]
        assert [position for position, _ in found] == [position for position, _ in wanted]
        assert [likeness for _, likeness in found] == pytest.approx([likeness for _, likeness in wanted], abs=1e-5)


def test_a_vector_of_noughts_is_near_to_nothing(tmp_path: Path) -> None:
    with ExactWriter(tmp_path, "texts", [0, 1], ["jia", "jia"], 2) as writer:
        writer.add(np.array([[0, 0], [3, 4]], dtype=np.float32))
    assert ExactVectors(tmp_path, "texts").nearest(np.array([0.6, 0.8], dtype=np.float32), ["jia"], 5) == [(1, pytest.approx(1)), (0, 0.0)]
