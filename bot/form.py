"""An answer in the form in which people are shown it: its parts in their order, in words of their language, nothing of any medium.

The terminal, the chats and the page draw this; none of them puts an answer together, or words it, by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from answering.answer import Answer, Choice, Citation, Language, Statement, Status
from answering.wording import listed
from bot.contacts import Contact
from bot.excerpt import Span, excerpt, marked, place_of
from bot.footnotes import footnotes
from bot.labels import parts_of, short_label
from bot.wording import say
from retrieval.clause import Agreement, Clause, Kind


@dataclass(frozen=True, slots=True)
class Said:
    """A statement. `cited` are positions in the form's `cited`; `quoted` tells that it is the clause's own words; `subject` is what a
    quoted definition is the definition of, its printed heading, where it does not say so itself.
    """

    text: str
    cited: tuple[int, ...]
    quoted: bool
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Cited:
    """A clause that statements rest on.

    `label` is the whole name, 《腾讯乐享服务协议》2.2.3, `title` and `place` its two parts, `short` the label with what people call the
    agreement, 《乐享》2.2.3. `version` tells of when the agreement is, empty where that is not known. `text` is all of the clause's text
    with the quoted words marked; `excerpt` as much of it as one needs who has read the statements: nothing where they quote it whole.
    `footnotes` are lines on what it refers to and defines, each once in a form.
    """

    agreement: str
    id: str
    label: str
    short: str
    title: str
    place: str
    version: str
    path: str
    under: str
    text: tuple[Span, ...]
    excerpt: tuple[Span, ...]
    footnotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pointed:
    """A clause that is only pointed at: its labels, and its heading where it has one."""

    agreement: str
    id: str
    label: str
    short: str
    heading: str


@dataclass(frozen=True, slots=True)
class Form:
    """An answer as people are shown it, from top to bottom. Texts that do not apply are empty.

    `asks` says whom one may ask instead, its `contact`. `title` is the status in words; `grounds_head`, `related_head` and `suggestions_head` are what its lists are called.
    """

    language: Language
    status: Status
    title: str
    understood: str
    message: str
    original: str
    statements: tuple[Said, ...]
    grounds_head: str
    cited: tuple[Cited, ...]
    withheld: str
    notice: str
    disclaimer: str
    related_head: str
    related: tuple[Pointed, ...]
    choices: tuple[Choice, ...]
    suggestions_head: str
    suggestions: tuple[str, ...]
    asks: str = ""
    contact: Contact | None = None

    def cites(self, said: Said, *, short: bool = False) -> str:
        """What stands behind a statement: （《企点》4.7、《企点》4.9）."""
        labels = [self.cited[at].short if short else self.cited[at].label for at in said.cited]
        return say("cites", self.language, labels=listed(labels, self.language)) if labels else ""

    def example(self, choice: Choice) -> str:
        """How one asks who means this choice."""
        return say("example", self.language, question=choice.question)

    def by_agreement(self) -> list[tuple[str, str, list[Cited]]]:
        """Title, version and cited clauses of each agreement, in the order in which they are cited."""
        found: dict[str, list[Cited]] = {}
        for cited in self.cited:
            found.setdefault(cited.agreement, []).append(cited)
        return [(group[0].title, group[0].version, group) for group in found.values()]


def form_of(answer: Answer, agreements: Iterable[Agreement], contact: Contact | None = None) -> Form:
    """The form of an answer. `agreements` are those of the library: what they are called, and of when they are; `contact` is whom one may
    ask instead.
    """
    language, held = answer.language, {agreement.key: agreement for agreement in agreements}
    statements = tuple(_said(statement, answer.citations) for statement in answer.statements)
    repeated = {at for said in answer.statements for at in said.citations if _own_words(said, answer.citations[at])[1]}
    told: set[str] = set()
    cited: list[Cited] = []
    for at, citation in enumerate(answer.citations):
        notes = tuple(line for line in footnotes(citation, language) if line not in told)
        told.update(notes)
        cited.append(_cited(citation, held, language, notes, repeated=at in repeated))
    answered = answer.status is Status.ANSWERED
    quoted = [said.quoted for said in statements]
    return Form(
        language=language,
        status=answer.status,
        title=say(answer.status.value, language),
        understood=say("understood", language, question=answer.understood_as) if answer.understood_as else "",
        message="" if answered else answer.message,
        original=say("original", language) if any(quoted) and language is Language.ENGLISH else "",
        statements=statements,
        grounds_head=say("grounds", language),
        cited=tuple(cited),
        withheld=say("withheld", language, count=len(answer.withheld)) if answer.withheld else "",
        notice=answer.notice,
        disclaimer=say("disclaimer_quoted" if all(quoted) else "disclaimer_told", language) if answered else "",
        related_head=say("related", language),
        related=tuple(_pointed(clause, held) for clause in answer.related),
        choices=answer.choices,
        suggestions_head=say("suggestions", language),
        suggestions=answer.suggestions,
        asks=say("contact", language, name=contact.name) if contact else "",
        contact=contact,
    )


def _said(statement: Statement, citations: Sequence[Citation]) -> Said:
    source = next((c.clause for c in (citations[at] for at in statement.citations) if _own_words(statement, c)[0]), None)
    heading = source.heading if source and source.kind is Kind.DEFINITION else ""
    subject = "" if heading in statement.text[: len(heading) + 2] else heading
    return Said(statement.text, statement.citations, source is not None, subject)


def _own_words(statement: Statement, citation: Citation) -> tuple[bool, bool]:
    """Whether a statement is words of a cited clause, after the sentence that introduces it if any; and whether they are its quote."""
    words = statement.text.removeprefix(citation.under)
    return place_of(words, citation.clause.text) != (0, 0), statement.text == citation.under + citation.quote


def _cited(citation: Citation, held: Mapping[str, Agreement], language: Language, notes: tuple[str, ...], *, repeated: bool) -> Cited:
    clause = citation.clause
    agreement = held.get(clause.agreement)
    title, place = parts_of(clause.label)
    quote = place_of(citation.quote, clause.text)
    return Cited(
        agreement=clause.agreement,
        id=clause.id,
        label=clause.label,
        short=short_label(clause, held),
        title=title,
        place=place,
        version=version_of(agreement, language) if agreement else "",
        path=citation.path,
        under=citation.under,
        text=marked(clause.text, quote),
        excerpt=excerpt(clause.text, quote, repeated=repeated),
        footnotes=notes,
    )


def version_of(agreement: Agreement, language: Language) -> str:
    """Which version of an agreement is in force, where there were others, and of when it is: 第 2 版，2025-03-01 生效. Empty where neither is known."""
    number = [say("version", language, number=agreement.version)] if agreement.version > 1 else []
    updated = [say("updated", language, date=agreement.updated)] if agreement.updated else []
    effective = [say("effective", language, date=agreement.effective)] if agreement.effective and not updated else []
    return say("version_joint", language).join((*number, *updated, *effective))


def _pointed(clause: Clause, held: Mapping[str, Agreement]) -> Pointed:
    return Pointed(clause.agreement, clause.id, clause.label, short_label(clause, held), clause.heading)
