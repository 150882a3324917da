"""The pages of a PDF or of a picture, one after the other, as lines in reading order. Runs in a process of its own, see page_reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from retrieval.errors import UnreadableFile
from retrieval.ocr_reading import DOTS, MAX_PIXELS, Recogniser
from retrieval.page import Page, Printed
from retrieval.page_lines import LineReader, lines_of_page
from retrieval.pdf_characters import Character, Upright, characters_of, runs_of
from retrieval.pdf_tables import Box, Table, tables_of, within

MAX_PAGES = 2_000
_FEW = 10  # characters: a stamp or a page number on a picture is no text layer
_UNKNOWN = 0.3  # of a page's characters without meaning: its text layer says nothing
_COVERED = 0.6  # of a page by one picture
_LAYOUT_LENGTH, _LAYOUT_LINES = 300, 6  # a cell with so much in it is a page, no entry
_REPEATED = 40


def pdf_pages(data: bytes, name: str) -> Iterator[tuple[int, Page]]:
    """How many pages a PDF has, and each of them. Raises UnreadableFile.

    A page without a text layer is recognised where the extra `ocr` is installed; where it is not, its problem is `scanned`.
    """
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableFile(f"{name} 有密码保护，读不了；请用 PDF 阅读器取消密码后另存一份再试") from error
        raise UnreadableFile(f"{name} 已经损坏或不完整，打不开；请重新导出或下载一份再试") from error
    count = len(pdf)
    if count > MAX_PAGES:
        raise UnreadableFile(f"{name} 有 {count} 页，超过 {MAX_PAGES} 页的上限；请拆分后再试")
    recogniser: Recogniser | None = None
    installed = True
    reader = LineReader()
    for number in range(1, count + 1):
        page = pdf[number - 1]
        read, scanned = _text_page(page, number, reader)
        if scanned and recogniser is None and installed:
            try:
                recogniser = Recogniser(name)
            except UnreadableFile:
                installed = False
        if scanned and recogniser is not None:
            read = recogniser.page(number, *_rendered(page))
        page.close()
        yield count, read


def picture_pages(data: bytes, name: str) -> Iterator[tuple[int, Page]]:
    """How many pages a picture has (a TIFF may have several), and each of them. Raises UnreadableFile."""
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    recogniser = Recogniser(name)
    try:
        with Image.open(BytesIO(data)) as picture:
            count = int(getattr(picture, "n_frames", 1))
            if count > MAX_PAGES or picture.width * picture.height > 4 * MAX_PIXELS:
                raise UnreadableFile(f"{name} 的图片太大；请缩小或拆分后再试")
            for number, frame in enumerate(ImageSequence.Iterator(picture), start=1):
                shown = ImageOps.exif_transpose(frame).convert("RGB")
                shown.thumbnail((8_000, 8_000))
                yield count, recogniser.page(number, np.asarray(shown)[:, :, ::-1], DOTS / 72)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableFile(f"{name} 已经损坏或不完整，打不开；请重新扫描或导出一份再试") from error


def _text_page(page: Any, number: int, reader: LineReader) -> tuple[Page, bool]:
    """A page by its text layer, and whether it is a picture that has none worth the name."""
    characters, upright = characters_of(page)
    known = len(characters.upright)
    covered = _covered(page, upright)
    if known < _FEW or characters.unknown > _UNKNOWN * (known + characters.unknown):
        drawn = covered or characters.unknown > 0 or _is_drawn(page)
        if drawn:
            return Page(number, upright.width, upright.height, (), problem="scanned"), True
    lines = _lines(characters.upright, tables_of(page, upright), reader)
    apart = (characters.slanted,) if characters.slanted else ()
    return Page(number, upright.width, upright.height, tuple(lines), apart, problem="layer" if covered else ""), False


def _covered(page: Any, upright: Upright) -> bool:
    area = max(upright.width * upright.height, 1.0)
    for item in page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if (right - left) * (top - bottom) > _COVERED * area:
            return True
    return False


def _is_drawn(page: Any) -> bool:
    """Whether there is anything to be seen on a page without text: a picture, or letters drawn as shapes."""
    kinds = (pdfium.raw.FPDF_PAGEOBJ_IMAGE, pdfium.raw.FPDF_PAGEOBJ_PATH)
    return sum(1 for _, _ in zip(page.get_objects(filter=kinds, max_depth=3), range(20), strict=False)) >= 20 or any(
        True for _ in page.get_objects(filter=kinds[:1], max_depth=3)
    )


def _lines(characters: list[Character], tables: list[Table], reader: LineReader) -> list[Printed]:
    """The lines of a page, tables in their places."""
    free = [each for each in characters if not any(within(each, table.box) for table in tables)]
    lines = reader.lines(list(runs_of(free)))
    for table in tables:
        held = [each for each in characters if within(each, table.box)]
        rows = _table_lines(table, held)
        at = next((place for place, line in enumerate(lines) if line.baseline < table.box[3] and _shares(line, table.box)), len(lines))
        column = lines[min(at, len(lines) - 1)].column if lines else 0
        lines[at:at] = [replace(row, column=column) for row in rows]
    return lines


def _shares(line: Printed, box: Box) -> bool:
    """Whether a line stands in the same column as a table."""
    return line.left < box[2] and line.right > box[0]


def _table_lines(table: Table, characters: list[Character]) -> list[Printed]:
    cells: dict[Box, list[Printed]] = {}
    for box in dict.fromkeys(box for row in table.rows for box in row):
        cells[box] = lines_of_page(list(runs_of(each for each in characters if within(each, box))))
    if any(len(lines) >= _LAYOUT_LINES and sum(len(line.text) for line in lines) >= _LAYOUT_LENGTH for lines in cells.values()):
        return [line for lines in cells.values() for line in lines]
    found: list[Printed] = []
    said: set[Box] = set()
    for row in table.rows:
        texts = [_cell_text(cells[box]) for box in row]
        texts = ["" if box in said and len(text) > _REPEATED else text for box, text in zip(row, texts, strict=True)]
        said |= set(row)
        if any(texts):
            top = max(box[3] for box in row)
            sizes = [line.size for box in row for line in cells[box]]
            found.append(Printed(" | ".join(texts), row[0][0], row[-1][2], top, max(sizes, default=1.0), row=True))
    return found


def _cell_text(lines: list[Printed]) -> str:
    text = ""
    for line in lines:
        spaced = text[-1:].isascii() and line.text[:1].isascii() and text != ""
        text += (" " if spaced else "") + line.text
    return text


def _rendered(page: Any) -> tuple[Any, float]:
    """A page as a picture, and its dots a point."""
    width, height = page.get_size()
    scale = min(DOTS / 72, (MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    return page.render(scale=scale).to_numpy()[:, :, :3], scale
