"""What in a question looks like a person: a name, a telephone number, an address of mail, a number of a document. Hints, no proof."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from retrieval.clause import Agreement

_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金"
    "邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚葛"
)
_HAN = r"[\u4e00-\u9fff]"
_TITLE = r"(?:先生|女士|小姐|经理|总监|主任|老师|律师|同学|师傅|部长|主管|工程师)"
_PATTERNS = (
    ("邮箱", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)),
    ("证件号", re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])")),
    ("卡号", re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)")),
    ("电话", re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")),
    ("电话", re.compile(r"(?<!\d)0\d{2,3}[ -]?\d{7,8}(?!\d)|\+\d[\d -]{7,}\d")),
    ("账号", re.compile(r"(?:微信号?|QQ号?|qq号?)\s*[:：是]?\s*([A-Za-z0-9_-]{5,20})")),
    ("账号", re.compile(r"(?<![\w.])@[\w\u4e00-\u9fff]{2,20}")),
    ("人名", re.compile(rf"[{_SURNAMES}]{_HAN}{{0,2}}{_TITLE}")),
    ("人名", re.compile(rf"(?:我叫|名叫|叫做|姓名[是:：]?|联系人[是:：]?|同事)\s*([{_SURNAMES}]{_HAN}{{1,2}})")),
    ("人名", re.compile(r"(?:Mr|Ms|Mrs|Dr)\.? [A-Z][a-z]+|(?<=[Mm]y name is )[A-Z][a-z]+(?: [A-Z][a-z]+)?")),
)
_NAME = re.compile(rf"[{_SURNAMES}]{_HAN}{{1,2}}")


@dataclass(frozen=True, slots=True)
class Hint:
    """Words that look like a person's data, and of what kind."""

    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}“{self.words}”"


def hints(question: str, agreements: list[Agreement] | None = None) -> list[Hint]:
    """What in a question looks like a person's data; none of it is what the agreements are called."""
    called = {name for agreement in agreements or () for name in (agreement.title, *agreement.names)}
    found: list[Hint] = []
    for hint in (*_written(question), *_names(question)):
        if not any(hint.words in name for name in called) and not any(hint.words in known.words for known in found):
            found.append(hint)
    return found


def _written(question: str) -> Iterator[Hint]:
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(question):
            yield Hint(kind, (match[1] if match.lastindex else match[0]).strip())


def _names(question: str) -> Iterator[Hint]:
    """Names of people as a tagger of parts of speech finds them, which is often wrong about other words: only with a common surname."""
    words = [(str(pair.word), str(pair.flag)) for pair in _tagger().cut(question)]
    for word, flag in words:
        if flag == "nr" and _NAME.fullmatch(word):
            yield Hint("人名", word)
    for (word, flag), (after, next_flag) in pairwise(words):
        if flag == "nr" and next_flag == "nr" and _NAME.fullmatch(word + after):
            yield Hint("人名", word + after)


@cache
def _tagger() -> Any:
    import logging

    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.ERROR)
    return jieba.posseg.POSTokenizer(jieba.Tokenizer())
