"""Deciding about an item of the review list, the same from the terminal, the page and the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from answering.written import letters
from bot.review.decisions import CASE, DISMISSED, LIKELY, REFUSE, RIGHT, WRONG, Decision
from bot.review.hints import hints
from bot.review.items import Item, Review, item_id
from bot.review.questions import AskedQuestions
from retrieval.clause import Clause
from retrieval.errors import UnknownAgreement
from retrieval.library import Library

_NOTE = 2000  # characters
_QUESTION = 1000
_NEAR = 5  # clauses that are named where one is not there


class NotDecided(Exception):
    """What was decided cannot be. The message is shown to people as it stands."""


class Deciding:
    """Decides. `library` is asked for it as it is now; `taken_in` is called when the bot has a question more or less to know by heart."""

    def __init__(
        self, review: Review, asked: AskedQuestions, library: Callable[[], Library], taken_in: Callable[[], object] = lambda: None
    ) -> None:
        self._review = review
        self._asked = asked
        self._library = library
        self._taken_in = taken_in

    def decide(
        self,
        item: Item,
        verdict: str,
        clauses: Sequence[tuple[str, str]] = (),
        *,
        note: str = "",
        question: str = "",
        likely: bool = False,
        anyway: bool = False,
    ) -> Decision:
        """Decide about an item. With `likely` its question is answered by the clause from now on, `anyway` whatever it looks like.

        Raises NotDecided where that makes no sense, where the question would both measure the bot and teach it, and where it would teach the
        bot what looks like a person's data.
        """
        before = item.decision
        if verdict == RIGHT:
            clauses = item.cited
            if not clauses:
                raise NotDecided("这个问题没有给出回答，谈不上“回答没错”；如果本来就该拒答，请用 --refuse")
        found = [self.clause(agreement, clause) for agreement, clause in clauses]
        if verdict == WRONG and not found:
            raise NotDecided("请指定应当引用的条款，例如 --clause lexiang#2.2.3")
        if verdict in (REFUSE, DISMISSED) and (found or likely):
            raise NotDecided("拒答与略过都不带条款，也不能作可能的问题")
        question, note = " ".join(question.split())[:_QUESTION], note.strip()[:_NOTE]
        wording = question or item.question
        if likely:
            self._refuse_case(item, wording)
            if not anyway and (personal := hints(wording, self._library().agreements)):
                raise NotDecided(f"像是有个人信息：{'、'.join(map(str, personal))}；请改写问题，或看过之后说明无妨（--anyway）")
            if len(found) != 1:
                raise NotDecided("要让它以后按条款回答，只能指定一条条款")
        use = LIKELY if likely else CASE if before and before.use == CASE else ""
        if before and before.use == CASE and letters(item.wording) != letters(wording):
            raise NotDecided(f"{item.id} 已经导出为评测题，问法不能再改")
        decision = Decision(item.id, verdict, tuple(clause.ref for clause in found), note, question, use)
        if before and before.use == LIKELY:
            self._asked.remove(item.wording)
        if likely:
            self._asked.add(found[0], wording)
        self._review.decisions.decide(decision)
        if likely or (before and before.use == LIKELY):
            self._taken_in()
        return decision

    def reopen(self, item: Item) -> None:
        """Let an item be undecided again; its question is not known by heart any more. Raises NotDecided for what has been exported."""
        if item.decision and item.decision.use == CASE:
            raise NotDecided(f"{item.id} 已经导出为评测题，不能撤回；可以改判")
        self._review.decisions.reopen(item.id)
        if item.decision and item.decision.use == LIKELY:
            self._asked.remove(item.wording)
            self._taken_in()

    def clause(self, agreement: str, clause_id: str) -> Clause:
        """A clause of an agreement. Raises NotDecided, naming those that are nearest."""
        library = self._library()
        try:
            clauses = library.clauses([agreement])
        except UnknownAgreement as error:
            raise NotDecided(str(error)) from error
        found = next((clause for clause in clauses if clause.id == clause_id), None)
        if found is None:
            near = [clause.id for clause in clauses if clause_id and clause.id.startswith(clause_id.rpartition(".")[0] or clause_id[:1])]
            named = f"；相近的有 {'、'.join(near[:_NEAR])}" if near else ""
            raise NotDecided(f"{agreement} 没有条款 {clause_id!r}{named}。全部条款见 wenyue clauses {agreement}，按词找用 wenyue search")
        return found

    def _refuse_case(self, item: Item, wording: str) -> None:
        """Nobody is to be measured by a question that they were told the answer of."""
        ids = {item.id, item_id(wording), item_id(item.question)}
        for decision in self._review.decisions.all().values():
            asked = {decision.item, *([item_id(decision.question)] if decision.question else [])}
            if decision.use == CASE and ids & asked:
                raise NotDecided(f"这个问题已经导出为评测题（{decision.item}），不能又教给它答案：那样评测就不作数了")


def clause_in(text: str) -> tuple[str, str]:
    """`lexiang#2.2.3`, `lexiang#2.2.3#2` as agreement and clause id. Raises NotDecided."""
    agreement, sign, clause = text.strip().partition("#")
    if not agreement or not sign or not clause:
        raise NotDecided(f"看不懂条款 {text!r}；请写成 协议#编号，例如 lexiang#2.2.3")
    return agreement, clause
