"""The styles in which clauses are numbered, and which of them number what holds others."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Style(StrEnum):
    """How a number is printed; a list keeps one style, so a change of style is a change of level."""

    PART = "第一部分"
    BOOK = "第一编"
    SUBBOOK = "第一分编"
    CHAPTER = "第一章"
    SECTION = "第一节"
    SUBSECTION = "第一目"
    WORD_PART = "Part 1"
    WORD_CHAPTER = "Chapter 1"
    WORD_ARTICLE = "Article 1"
    WORD_SECTION = "Section 1"
    ARTICLE = "第一条"
    ENUMERATED = "一、"
    ROMAN = "I."
    CAPITAL = "A."
    SINGLE = "1."
    DOTTED = "1.1"
    ITEM_DIGIT = "（1）"
    ITEM_HALF = "1)"
    ITEM_LETTER = "（a）"
    ITEM_LETTER_DOT = "a."
    ITEM_CAPITAL = "（A）"
    ITEM_ROMAN = "（i）"
    ITEM_ROMAN_DOT = "i."
    ITEM_ROMAN_CAPITAL = "（I）"
    ITEM_CJK = "（一）"
    ITEM_CIRCLED = "①"

    @property
    def is_item(self) -> bool:
        """Whether it only ever numbers the items of a list."""
        return self.name.startswith("ITEM")

    @property
    def rank(self) -> Rank:
        """Where the style stands among those that number articles and what holds articles."""
        return _RANKS.get(self, Rank.NONE)


class Rank(IntEnum):
    """The levels above the clauses, the outermost first. LOOSE styles number articles where nothing else does, items elsewhere."""

    PART = 0
    BOOK = 1
    SUBBOOK = 2
    CHAPTER = 3
    SECTION = 4
    SUBSECTION = 5
    LOOSE_OUTER = 6  # 一、 I. A.: they may hold articles
    ARTICLE = 7
    ARTICLE_PART = 8  # Section 1 of an Article I
    LOOSE_INNER = 9  # 1.
    NONE = 10

    @property
    def is_loose(self) -> bool:
        return self in (Rank.LOOSE_OUTER, Rank.LOOSE_INNER)

    @property
    def holds_articles(self) -> bool:
        return self < Rank.LOOSE_OUTER


_RANKS = {
    Style.PART: Rank.PART,
    Style.BOOK: Rank.BOOK,
    Style.SUBBOOK: Rank.SUBBOOK,
    Style.CHAPTER: Rank.CHAPTER,
    Style.SECTION: Rank.SECTION,
    Style.SUBSECTION: Rank.SUBSECTION,
    Style.WORD_PART: Rank.PART,
    Style.WORD_CHAPTER: Rank.CHAPTER,
    Style.WORD_ARTICLE: Rank.ARTICLE,
    Style.WORD_SECTION: Rank.ARTICLE_PART,
    Style.ARTICLE: Rank.ARTICLE,
    Style.ENUMERATED: Rank.LOOSE_OUTER,
    Style.ROMAN: Rank.LOOSE_OUTER,
    Style.CAPITAL: Rank.LOOSE_OUTER,
    Style.SINGLE: Rank.LOOSE_INNER,
}


UNITS = {  # what 第一 counts
    "部分": Style.PART,
    "编": Style.BOOK,
    "分编": Style.SUBBOOK,
    "章": Style.CHAPTER,
    "节": Style.SECTION,
    "目": Style.SUBSECTION,
    "条": Style.ARTICLE,
}
WORDS = {
    "part": Style.WORD_PART,
    "title": Style.WORD_PART,
    "chapter": Style.WORD_CHAPTER,
    "article": Style.WORD_ARTICLE,
    "section": Style.WORD_SECTION,
    "clause": Style.WORD_SECTION,
    "§": Style.WORD_SECTION,
}
