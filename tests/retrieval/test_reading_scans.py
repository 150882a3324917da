"""Scans and pictures: what recognition gives, put together; recognition itself where the extra `ocr` is installed."""

from __future__ import annotations

import importlib.util
from io import BytesIO

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest

from retrieval.ocr_reading import with_full_marks
from retrieval.page import Page, Printed
from retrieval.page_reading import warnings_of
from retrieval.reading import read_bytes
from tests.retrieval.pdf_file import PdfPage, pdf


@pytest.mark.parametrize(
    ("recognised", "text"),
    [
        ("双方同意:甲方付款;乙方交货,", "双方同意：甲方付款；乙方交货，"),
        ("服务(以下简称“本服务”)。", "服务（以下简称“本服务”）。"),
        ("平台(API)的说明", "平台（API）的说明"),
        ("(1)违反法律的;", "(1)违反法律的；"),
        ("1.1 Use of API (v2): see below", "1.1 Use of API (v2): see below"),
        ("时间为 14:32:42", "时间为 14:32:42"),
    ],
)
def test_punctuation_beside_chinese_is_what_chinese_prints(recognised: str, text: str) -> None:
    assert with_full_marks(recognised) == text


def _page(number: int, *scores: float, problem: str = "") -> Page:
    return Page(number, 595, 842, (Printed("文", 72, 82, 700, 10),), recognised=scores, problem=problem)


def test_what_was_recognised_is_said_with_how_sure_it_is() -> None:
    pages = [_page(1, 1.0, 0.98), _page(2), _page(3, 0.6, 0.94, 0.7), _page(4, 0.98)]
    assert list(warnings_of(pages)) == ["第 1、3–4 页由文字识别读入，平均把握 87%，第 3 页有 2 行低于 80%；请对照原件核对"]


def test_a_text_layer_is_not_doubted() -> None:
    assert list(warnings_of([_page(1), _page(2)])) == []


@pytest.mark.skipif(importlib.util.find_spec("rapidocr") is None, reason="needs the extra `ocr`")
@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_a_scan_is_recognised(kind: str) -> None:
    texts = ["Article 1 Scope of the services", "1.1 Payment is due within 30 days.", "1.2 Fees are not refundable."]
    page = pdfium.PdfDocument(pdf([PdfPage().lines(72, 700, texts, size=14, distance=40)]))[0].render(scale=150 / 72).to_pil().convert("L")
    if kind == "png":
        stream = BytesIO()
        page.save(stream, "PNG")
        data = stream.getvalue()
    else:
        data = pdf([PdfPage(picture=(page.width, page.height, page.tobytes()))])
    document = read_bytes(f"a.{kind}", data)
    assert [line.text.replace(" ", "") for line in document.lines] == [text.replace(" ", "") for text in texts]
    assert "由文字识别读入" in document.warnings[0]
