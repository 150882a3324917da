"""The process that reads pages: a file on standard input, its pages as lines of JSON on standard output. Started by page_reading."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, astuple

from retrieval.errors import UnreadableFile
from retrieval.file_kind import FileKind
from retrieval.memory import limit_memory
from retrieval.page import Page

MEMORY = 2 * 1024**3  # a page that is no trap takes a fiftieth of it


def main() -> None:
    """Read one file. Says `refused` with a message for people, or the pages and then `done`."""
    kind, name = FileKind[sys.argv[1]], sys.argv[2]
    limit_memory(MEMORY)
    data = sys.stdin.buffer.read()
    from retrieval.pdf_reading import pdf_pages, picture_pages

    try:
        for count, page in (pdf_pages if kind is FileKind.PDF else picture_pages)(data, name):
            _say({"count": count, "page": _entry(page)})
    except UnreadableFile as error:
        _say({"refused": str(error)})
    else:
        _say({"done": True})


def _say(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _entry(page: Page) -> dict[str, object]:
    return {**asdict(page), "lines": [astuple(line) for line in page.lines]}


if __name__ == "__main__":
    main()
