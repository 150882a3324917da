"""As much of a page's style sheets as decides what is seen and how it is numbered: hidden elements, list markers, counters.

CSS 2.1 and CSS Lists 3, for selectors of tags, classes and ids; rules with others in them are left aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PROPERTIES = re.compile(
    r"(display|visibility|list-style(?:-type)?|counter-reset|counter-increment|content)\s*:\s*((?:\"[^\"]*\"|'[^']*'|[^;\"'])+)"
)
_COMPOUND = re.compile(r"(\*|[a-z][a-z0-9]*)?((?:[.#][\w-]+)*)", re.I)
_PSEUDO = re.compile(r"::?(before|marker)$", re.I)
_MAX_LENGTH = 500_000
_MAX_WORK = 300_000  # comparisons: a page that needs more is made to keep a reader busy, and its rules are no longer asked

Declarations = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Compound:
    tag: str
    id: str
    classes: frozenset[str]
    child: bool  # of what stands before it, not only somewhere within

    def fits(self, element: Any) -> bool:
        return (
            self.tag in ("", "*", element.tag)
            and self.id in ("", element.get("id"))
            and (not self.classes or self.classes <= frozenset(element.get("class", "").split()))
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    compounds: tuple[_Compound, ...]
    pseudo: str
    declarations: Mapping[str, str]
    weight: tuple[int, int, int, int]

    def fits(self, element: Any) -> bool:
        return self.compounds[-1].fits(element) and _within(self.compounds, element)


class StyleSheets:
    """The rules in the style sheets of a page."""

    def __init__(self, texts: list[str]) -> None:
        self._left = _MAX_WORK
        rules: list[_Rule] = []
        for selectors, body in _blocks("\n".join(texts)[:_MAX_LENGTH]):
            declarations = declared(body)
            if declarations:
                rules += filter(None, (_rule(selector, declarations, len(rules)) for selector in selectors.split(",")))
        self._rules: dict[str, list[_Rule]] = {}
        for rule in sorted(rules, key=lambda rule: rule.weight):
            last = rule.compounds[-1]
            key = f"#{last.id}" if last.id else f".{min(last.classes)}" if last.classes else last.tag or "*"
            self._rules.setdefault(key, []).append(rule)

    def of(self, element: Any, pseudo: str = "") -> Declarations:
        """What the rules and the element's own style say of it; with `pseudo` of its `before` or `marker`."""
        if self._left <= 0:
            return declared(element.get("style", "")) if not pseudo else {}
        keys = ["*", element.tag, *(f".{name}" for name in element.get("class", "").split()), f"#{element.get('id')}"]
        asked = [rule for key in keys for rule in self._rules.get(key, ()) if rule.pseudo == pseudo]
        self._left -= len(asked)
        found: Declarations = {}
        for rule in sorted((rule for rule in asked if rule.fits(element)), key=lambda rule: rule.weight):
            found.update(rule.declarations)
        if not pseudo and (own := element.get("style")):
            found.update(declared(own))
        return found


def declared(body: str) -> Declarations:
    """The properties of interest in a block of declarations; `list-style` is told by the type in it."""
    found: Declarations = {}
    for name, value in _PROPERTIES.findall(body[:10_000]):
        value = value.replace("!important", "").strip()
        if name == "list-style":
            words = [word for word in value.split() if word not in ("inside", "outside") and not word.startswith("url(")]
            if words:
                found["list-style-type"] = words[0].lower()
        else:
            found[name] = value if name == "content" else value.lower()
    return found


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of each rule; those for print and narrow windows left out."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    open_: list[str] = []
    last = 0
    for brace in re.finditer(r"[{}]", text):
        between, last = text[last : brace.start()], brace.end()
        if brace.group() == "{":
            open_.append(between.rpartition(";")[2].strip().lower() if "@" in between else between.strip())
        elif open_:
            head = open_.pop()
            if not head.startswith("@") and all(re.match(r"@(?:layer|supports|media (?:screen|all)\s*$)", above) for above in open_):
                yield head, between


def _rule(selector: str, declarations: Declarations, position: int) -> _Rule | None:
    selector = selector.strip()
    pseudo = _PSEUDO.search(selector)
    selector = selector[: pseudo.start()] if pseudo else selector
    compounds: list[_Compound] = []
    child = False
    for word in selector.replace(">", " > ").split():
        if word == ">":
            child = True
            continue
        found = _COMPOUND.fullmatch(word)
        if found is None:
            return None
        names = re.findall(r"[.#][\w-]+", found[2])
        ids = [name[1:] for name in names if name[0] == "#"]
        classes = frozenset(name[1:] for name in names if name[0] == ".")
        compounds.append(_Compound((found[1] or "").lower(), ids[0] if ids else "", classes, child))
        child = False
    if not compounds or len(compounds) > 8:
        return None
    ids_, classes_ = sum(bool(each.id) for each in compounds), sum(len(each.classes) for each in compounds)
    tags = sum(each.tag not in ("", "*") for each in compounds)
    return _Rule(tuple(compounds), pseudo[1].lower() if pseudo else "", declarations, (ids_, classes_, tags, position))


def _within(compounds: tuple[_Compound, ...], element: Any) -> bool:
    """Whether the compounds before the last fit elements around one that the last fits; each is looked for once, the nearest."""
    at = len(compounds) - 1
    for above in element.iterancestors():
        if at == 0:
            break
        if compounds[at - 1].fits(above):
            at -= 1
        elif compounds[at].child:
            break
    return at == 0
