"""`wenyue review`: the questions that people were not helped with, and what is to be made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from bot.console.terminal import failed, failing_plainly, print_json, screen
from bot.wiring import NOTES, Wired, opened, tell

if TYPE_CHECKING:
    from bot.review.items import Item
    from retrieval.clause import Clause

_CANDIDATES = 9  # which have keys of one figure


class _ItemOrCommand(TyperGroup):
    """`wenyue review ID` is an item, `wenyue review` the list."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["list" if args[0].startswith("-") else "item", *args]
        return super().parse_args(ctx, args or ["list"])


review_app = typer.Typer(help="没帮上的问题：看一遍，说哪条才对。", cls=_ItemOrCommand)

StateOption = Annotated[
    Literal["open", "decided", "handed", "all"], typer.Option("--state", help="还没判定的、判定了的、转给人的，或全部。")
]
WhyOption = Annotated[
    Literal["", "down", "not_covered", "out_of_scope", "error", "withheld"],
    typer.Option("--why", metavar="WHY", help="只看 down（👎）、not_covered、out_of_scope、error 或 withheld（没过核对）的。"),
]
OrderOption = Annotated[Literal["newest", "often"], typer.Option("--order", help="最近的在前，或问得最多的在前。")]
ContainsOption = Annotated[str, typer.Option("--contains", metavar="TEXT", help="问题里有这些字。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


@review_app.command("list")
def review_list(
    state: StateOption = "open",
    why: WhyOption = "",
    order: OrderOption = "newest",
    contains: ContainsOption = "",
    limit: Annotated[int, typer.Option("-n", min=1, max=10000, help="最多几个。")] = 30,
    as_json: JsonOption = False,
) -> None:
    """列出没帮上的问题（wenyue review 就是它）。"""
    from bot.console.review_view import show_items

    with failing_plainly(), opened() as wired:
        rooms = _Rooms(wired)
        found = rooms.review.items(state=state, why=why, order=order, contains=contains)
        if as_json:
            for item in found[:limit]:
                print_json(item.to_json())
        elif found:
            show_items(screen(), found[:limit], rooms.names)
            tell(f"共 {len(found)} 个。看一个：wenyue review 编号；逐个看：wenyue review walk")
        else:
            NOTES.print("没有这样的问题。" if rooms.review.is_kept else "没有保留任何问题：WENYUE_KEEP_DAYS 是 0。")


@review_app.command("item", hidden=True)
def review_item(
    beginning: Annotated[str, typer.Argument(metavar="ID", show_default=False, help="编号，写开头几位就行。")],
    right: Annotated[bool, typer.Option("--right", help="判定：回答没错。")] = False,
    clause: Annotated[
        list[str] | None, typer.Option("--clause", metavar="KEY#ID", help="判定：应当引用这一条，例如 lexiang#2.2.3；可重复。")
    ] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="判定：拒答是对的。")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="判定：略过。")] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="撤回判定。")] = False,
    likely: Annotated[bool, typer.Option("--likely", help="以后这样问，就按这一条回答（就不能再作评测题）。")] = False,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="备注。")] = "",
    question: Annotated[str, typer.Option("--question", metavar="TEXT", help="改写问题，例如去掉里面的人名。")] = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="问题看过了，里面没有个人信息，照样教给机器人。")] = False,
    find: Annotated[str, typer.Option("--find", metavar="TEXT", help="按词找条款，好知道该指定哪一条。")] = "",
    as_json: JsonOption = False,
) -> None:
    """看一个问题的全部经过，或判定它。"""
    from bot.console.review_view import judged, show_candidates, show_item
    from bot.review.deciding import NotDecided, clause_in
    from bot.review.decisions import DISMISSED, REFUSE, RIGHT, WRONG
    from bot.review.items import NoSuchItem

    verdicts = [verdict for verdict, given in ((RIGHT, right), (WRONG, bool(clause)), (REFUSE, refuse), (DISMISSED, dismiss)) if given]
    if len(verdicts) + reopen > 1:
        raise failed("--right、--clause、--refuse、--dismiss、--reopen 只能写一样", 2)
    if not verdicts and (note or question or likely):
        raise failed("备注、改写与 --likely 要和判定一起写：--right、--clause、--refuse 或 --dismiss", 2)
    with failing_plainly(NoSuchItem, NotDecided), opened() as wired:
        rooms = _Rooms(wired)
        item = rooms.review.get(beginning)
        if verdicts:
            clauses = [clause_in(text) for text in clause or ()]
            rooms.deciding.decide(item, verdicts[0], clauses, note=note, question=question, likely=likely, anyway=anyway)
        elif reopen:
            rooms.deciding.reopen(item)
        changed = bool(verdicts) or reopen
        item = rooms.review.get(item.id)
        if as_json:
            print_json(item.whole_json())
        elif changed:
            screen().print(f"{item.id}　{judged(item.decision, rooms.names) or '还没有判定'}", markup=False, soft_wrap=True)
        elif find:
            show_candidates(screen(), rooms.found(find), f"按“{find}”找到的条款")
        else:
            show_item(screen(), item, rooms.names, rooms.candidates(item))


@review_app.command("walk")
def review_walk(state: StateOption = "open", why: WhyOption = "", order: OrderOption = "newest", contains: ContainsOption = "") -> None:
    """逐个看：按一个键判定，按数字选条款。"""
    from bot.console.review_walk import Walk

    with failing_plainly(), opened() as wired:
        rooms = _Rooms(wired)
        items = rooms.review.items(state=state, why=why, order=order, contains=contains)
        if not items:
            NOTES.print("没有这样的问题。")
            return
        try:
            done = Walk(screen(), rooms.deciding, rooms.names, rooms.candidates, rooms.found).through(items)
        except OSError as error:  # there is nobody to press a key
            raise failed("逐个看要在终端里；在脚本里请用 wenyue review 编号 --clause …") from error
        tell(f"判定了 {done} 个，共 {len(items)} 个。")


@review_app.command("export")
def review_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", show_default=False, help="只导出这几个；默认是判定了的全部。")
    ] = None,
    anyway: Annotated[list[str] | None, typer.Option("--anyway", metavar="ID", help="看过了，里面没有个人信息，照样导出；可重复。")] = None,
) -> None:
    """把判定了的问题写成评测题（JSON Lines），给 wenyue eval --questions 用。"""
    from bot.review.cases import cases_of
    from bot.review.decisions import CASE
    from bot.review.items import NoSuchItem

    with failing_plainly(NoSuchItem), opened() as wired:
        rooms = _Rooms(wired)
        items = [rooms.review.get(id_) for id_ in ids] if ids else rooms.review.items(state="decided")
        if undecided := [item.id for item in items if item.decision is None]:
            raise failed(f"还没有判定：{'、'.join(undecided)}")
        found = cases_of(items, wired.library, rooms.asked.all(), [rooms.review.get(id_).id for id_ in anyway or ()])
        if ids and found.taught:
            raise failed(f"已经教给机器人怎么答的，不能又作评测题，否则评测不作数：{'、'.join(found.taught)}")
        for id_, hints in found.personal.items():
            NOTES.print(
                f"没有导出 {id_}，像是有个人信息：{'、'.join(map(str, hints))}。用 wenyue review {id_} … --question 改写，"
                f"或看过之后加 --anyway {id_}",
                style="yellow", markup=False, soft_wrap=True,
            )  # fmt: skip
        for id_, reason in found.impossible.items():
            NOTES.print(f"没有导出 {id_}：{reason}", style="yellow", markup=False, soft_wrap=True)
        if found.taught:
            tell(f"{len(found.taught)} 个已经教给机器人怎么答，不作评测题。")
        if not found.cases:
            raise failed("没有可以导出的问题；先用 wenyue review 判定")
        try:
            file.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found.cases.values()), encoding="utf-8")
        except OSError as error:
            raise failed(f"不能写入 {file}（{error.strerror or error}）；请换一个文件名") from error
        rooms.review.decisions.use(list(found.cases), CASE)
        tell(f"写了 {len(found.cases)} 道评测题到 {file}；用 wenyue eval --questions {file} 测量。")
        if found.personal or found.impossible:
            raise typer.Exit(1)


@review_app.command("questions")
def review_questions(
    remove: Annotated[str | None, typer.Option("--remove", metavar="TEXT", help="不再记得这个问法。")] = None, as_json: JsonOption = False
) -> None:
    """教给机器人的问法：人指定了由哪一条回答的。"""
    with failing_plainly(), opened() as wired:
        rooms = _Rooms(wired)
        if remove is not None:
            if not rooms.asked.remove(remove):
                raise failed(f"没有教过这个问法：{remove}")
            rooms.take_in()
        for taken in rooms.asked.all():
            if as_json:
                print_json({"agreement": taken.agreement, "id": taken.clause, "question": taken.text})
            else:
                screen().print(f"{taken.agreement}#{taken.clause}　{taken.text}", markup=False, soft_wrap=True)


class _Rooms:
    """What the commands need of the rooms."""

    def __init__(self, wired: Wired) -> None:
        from bot.review.questions import AskedQuestions
        from bot.review.wiring import deciding_of, review_of
        from bot.votes import Votes

        self._wired = wired
        self.review = review_of(wired.settings, wired.records(), Votes(wired.settings.database))
        self.deciding = deciding_of(wired.settings, self.review, lambda: wired.library, self.take_in)
        self.asked = AskedQuestions(wired.settings.enriched)
        self.names = {agreement.key: agreement.names[0] for agreement in wired.library.agreements}

    def take_in(self) -> None:
        from bot.review.wiring import learn

        learn(self._wired)

    def candidates(self, item: Item) -> list[Clause]:
        """The clauses that were found for an item's question, as far as there still are any of that id."""
        held = {clause.ref: clause for clause in self._wired.library.clauses()}
        found = [(hit["agreement"], hit["id"]) for hit in item.record.answer["retrieved"]]
        return [held[ref] for ref in found if ref in held][:_CANDIDATES]

    def found(self, words: str) -> list[Clause]:
        """The clauses that a search for words finds."""
        from answering.question import understand

        asked = understand(words, (), self._wired.library.agreements)
        return [hit.clause for hit in self._wired.search().find(asked.search_text, asked.agreements, _CANDIDATES)]
