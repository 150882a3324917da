"""Bytes -> text, in the encodings that Chinese agreements come in, told apart so that no text is read as gibberish."""

from __future__ import annotations

from retrieval.errors import UnreadableFile

_MARKS = ((b"\xff\xfe\x00\x00", ""), (b"\x00\x00\xfe\xff", ""), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE = 200_000
# Of the non-ASCII characters of simplified Chinese nearly all are in GB 2312, of traditional Chinese two in three; of UTF-8, Big5,
# Shift JIS or Windows-1252 read as GB18030 at most 56 in a hundred (measured on the shipped agreements and pieces of them).
_PLAUSIBLE = 0.6


def decoded(data: bytes, name: str, declared: str = "") -> str:
    """The text of a file in UTF-8 (with or without mark), UTF-16 with mark, or GB18030. Raises UnreadableFile.

    `declared` is the encoding that the file itself declares, as an HTML page may; it counts where the bytes are no UTF-8. `name` is
    for the message.
    """
    marked = [encoding for mark, encoding in _MARKS if data.startswith(mark)][:1]
    for encoding in marked or ["utf-8-sig", declared, "gb18030"]:
        try:
            text = data.decode(encoding) if encoding else "\x00"
        except (UnicodeDecodeError, LookupError):
            continue
        if "\x00" not in text and (encoding in ("utf-8-sig", declared) or marked or _chinese(text)):
            return text
    raise UnreadableFile(f"{name} 不是 UTF-8、UTF-16 或 GB18030 编码的文字，或者已经损坏；请用编辑器另存为 UTF-8 后再试")


def _chinese(text: str) -> bool:
    """Whether a text decoded from GB18030 reads as Chinese: damaged UTF-8 and other encodings give rare characters."""
    wide = "".join(char for char in text[:_SAMPLE] if char > "\x7f")
    return len(wide.encode("gb2312", "ignore")) >= 2 * _PLAUSIBLE * len(wide)
