"""A picture of a page -> its lines, by RapidOCR (PP-OCR models on ONNX Runtime), which is an optional extra."""

from __future__ import annotations

import importlib
import logging
import re
from typing import Any

from retrieval.errors import UnreadableFile
from retrieval.memory import limit_memory
from retrieval.page import Page, Run
from retrieval.page_lines import LineReader

HINT = "请先安装文字识别组件：pip install 'wenyue[ocr]'，再试一次"
DOTS = 200  # an inch
MEMORY = 6 * 1024**3  # of addresses, of which it reserves many more than the gigabyte that it uses
MAX_PIXELS = 25_000_000  # of a page: A3 at 300 dots an inch has 17 million
_LETTER = 0.8  # of the height of the box around a line is its letters'
_FULL = str.maketrans(":;,?!()", "：；，？！（）")
_CHINESE = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_NUMBER = re.compile(r"[(（]?[0-9a-zA-Z]{1,3}[)）]")  # is left as it is recognised
_HALF = re.compile(rf"(?<={_CHINESE})[:;,?!()]|[:;,?!()](?={_CHINESE})")


class Recogniser:
    """Recognises the pages of one document. Raises UnreadableFile where the extra is not installed; `name` is for that message."""

    def __init__(self, name: str) -> None:
        try:
            rapidocr = importlib.import_module("rapidocr")
        except ImportError as error:
            raise UnreadableFile(f"{name} 是扫描件或图片，没有文字可读；{HINT}") from error
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        limit_memory(MEMORY)
        self._reader = LineReader()
        self._engine: Any = rapidocr.RapidOCR(params={"Global.log_level": "error"})

    def page(self, number: int, picture: Any, scale: float) -> Page:
        """The lines of one picture, a numpy array of rows, columns and colours. `scale` is its dots a point."""
        result = self._engine(picture)
        height, width = picture.shape[0] / scale, picture.shape[1] / scale
        boxes = result.boxes if result.boxes is not None else ()
        runs: list[Run] = []
        for box, text in zip(boxes, result.txts or (), strict=True):
            if text.strip():
                xs, ys = [float(x) / scale for x, _ in box], [height - float(y) / scale for _, y in box]
                tall = max(ys) - min(ys)
                baseline = min(ys) + tall * (1 - _LETTER) / 2
                runs.append(Run(with_full_marks(text.strip()), min(xs), max(xs), baseline, tall * _LETTER))
        scores = tuple(float(score) for score in result.scores or ())
        return Page(number, width, height, tuple(self._reader.lines(runs)), recognised=scores)


def with_full_marks(text: str) -> str:
    """Punctuation beside Chinese characters in full width: recognition takes it for its Latin likeness."""
    number = _NUMBER.match(text)
    start = number.end() if number else 0
    open_ = 0
    characters: list[str] = [text[:start]]
    for character in _HALF.sub(lambda mark: mark[0].translate(_FULL), text[start:]):
        open_ += (character == "（") - (character == "）")
        if character == ")" and open_ > 0:
            character, open_ = "）", open_ - 1
        characters.append(character)
    return "".join(characters)
