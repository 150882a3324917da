"""The console script `wenyue`. A command imports what it needs when it runs; bot/wiring.py opens the rooms."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.console.agreements import agreements_app
from bot.console.answers import answers
from bot.console.backups import backup, restore
from bot.console.contacts import contact
from bot.console.privacy import export, key, purge
from bot.console.review import review_app
from bot.console.serving import serve, telegram, wecom
from bot.console.terminal import failing_plainly, print_json, screen
from bot.review.wiring import handing_of
from bot.settings import load_settings
from bot.wiring import NOTES, opened, progress_bar, tell

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.place import Place
    from retrieval.clause import Hit
    from retrieval.search import Search

app = typer.Typer(
    help="问约 WenYue：问协议，每句答案都带经过核对的条款号。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(agreements_app, name="agreements")
app.add_typer(review_app, name="review")
agreements_app.command()(contact)

AgreementOption = Annotated[list[str] | None, typer.Option("--agreement", "-a", metavar="KEY", help="只看这份协议，可重复。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]

_BATCH_TIME = 5  # a batch of likely questions is several times as long as an answer


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(show_default=False)] = None,
    agreement: AgreementOption = None,
    full: Annotated[bool, typer.Option("--full", help="依据的条款显示全文。")] = False,
    as_json: JsonOption = False,
) -> None:
    """回答一个问题，给出依据的条款号；不写问题，就举几个能问的例子。"""
    with failing_plainly(), opened() as wired:
        if question is None:
            from bot.console.answer_view import show_questions

            examples = [f'wenyue ask "{example}"' for example in wired.examples(agreement or ())]
            show_questions(NOTES, "请写出问题，例如：" if examples else "请写出问题。", examples)
            raise typer.Exit(2)
        conversation = wired.conversation(wired.answerer(), _here("ask"), agreement or (), follows=False)
        handing = handing_of(wired.settings)
        if as_json:
            answer = conversation.ask(question)
            contact = handing.contact(answer)
            print_json({**answer.to_json(), "contact": contact.to_json() if contact else None})
        else:
            from bot.console.answer_view import show_growing
            from bot.form import form_of

            drafts = conversation.stream(question)
            show_growing(screen(), (form_of(draft, wired.library.agreements, handing.contact(draft)) for draft in drafts), full=full)


@app.command()
def chat(agreement: AgreementOption = None) -> None:
    """在终端里连续提问。/new 开始新对话，/quit 退出。"""
    from answering.errors import AnsweringError
    from bot.console.answer_view import show_growing, show_questions
    from bot.form import form_of

    with failing_plainly(), opened() as wired:
        for key in agreement or ():
            wired.library.agreement(key)
        conversation = wired.conversation(wired.answerer(), _here(), agreement or ())
        handing = handing_of(wired.settings)
        terminal = screen()
        terminal.print("问协议，每句答案都带条款号。/new 开始新对话，/quit 退出。", style="dim")
        if conversation.goes_on:
            terminal.print("接着之前的对话；要重新开始，请输入 /new。", style="dim")
        if examples := wired.examples(agreement or ()):
            show_questions(terminal, "例如：", examples)
        while True:
            try:
                line = terminal.input("[bold]问[/bold] › ").strip()
            except (EOFError, KeyboardInterrupt):
                terminal.print()
                return
            if line in ("/quit", "/exit", "/q"):
                return
            if line == "/new":
                conversation.forget()
                terminal.print("好，开始新对话。", style="dim")
            elif line:
                try:
                    drafts = conversation.stream(line)
                    show_growing(terminal, (form_of(draft, wired.library.agreements, handing.contact(draft)) for draft in drafts))
                except AnsweringError as error:
                    terminal.print(str(error), style="yellow", markup=False)


@app.command()
def search(
    query: str,
    limit: Annotated[int, typer.Option("-k", min=1, max=100, help="条数。")] = 10,
    agreement: AgreementOption = None,
    as_json: JsonOption = False,
) -> None:
    """找条款，按相关程度排列。"""
    from answering.question import understand

    with failing_plainly(), opened() as wired:
        for key in agreement or ():
            wired.library.agreement(key)
        asked = understand(query, (), wired.library.agreements)
        hits = wired.search().find(asked.search_text, agreement or asked.agreements, limit)
        if as_json:
            rows = [
                {"agreement": h.clause.agreement, "id": h.clause.id, "label": h.clause.label, "score": h.score, "text": h.clause.text}
                for h in hits
            ]
            print_json({"query": query, "hits": rows})
        else:
            from bot.console.rendering import show_hits

            show_hits(screen(), hits)


@app.command()
def clauses(keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...")] = None, as_json: JsonOption = False) -> None:
    """条款树；不写 KEY 就是全部。"""
    with failing_plainly(), opened() as wired:
        found = wired.library.clauses(keys or ())
        if as_json:
            for clause in found:
                print_json({name: getattr(clause, name) for name in clause.__slots__})
            return
        from bot.console.rendering import show_clauses

        for key in dict.fromkeys(clause.agreement for clause in found):
            show_clauses(screen(), wired.library.agreement(key), [c for c in found if c.agreement == key])


@app.command()
def index(force: Annotated[bool, typer.Option("--force", help="即使完好也重建。")] = False) -> None:
    """建立或重建索引。"""
    with failing_plainly(), opened() as wired:
        tell(f"索引可用：{wired.build_index(force=force)}")


@app.command()
def enrich(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...")] = None,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=64, help="同时写几批。")] = 4,
    prices: Annotated[
        tuple[float, float] | None, typer.Option("--prices", metavar="IN OUT", help="每百万 token 的价格，输入与输出；给了就算花费。")
    ] = None,
) -> None:
    """让模型为还没有问题的条款写可能的问题；中断后再运行会接着做。"""
    from answering import enrich as enrichment
    from bot.console.rendering import show_enrichment
    from prompts.prompt import load_prompt
    from retrieval.index import searchable
    from retrieval.likely import PERSON
    from retrieval.links import Links

    with failing_plainly(), opened() as wired:
        library = wired.library
        written = {ref for ref, asked in library.likely().items() if any(question.voice != PERSON for question in asked)}
        wanted = {clause.ref for clause in library.clauses(keys or ())} - written
        clauses = [clause for clause in searchable(library) if clause.ref in wanted]
        search: Search | None = None
        ticks = 0

        def find(question: str, agreements: Collection[str]) -> list[Hit]:
            nonlocal search
            if search is None:  # now that everything is written, the index holds it
                wired.sync()
                search = wired.search()
            return search.find(question, agreements)

        with progress_bar() as progress:

            def tick() -> None:
                nonlocal ticks
                ticks += 1
                progress("写问题", ticks, len(clauses))

            done = enrichment.enrich(
                clauses, Links(library.clauses()), wired.model(_BATCH_TIME) if clauses else None, load_prompt("enrich", ("clauses",)),
                wired.settings.enriched, parallel=parallel, tick=tick, find=find, prices=prices,
            )  # fmt: skip
        if wired.sync():
            wired.build_index()
        show_enrichment(screen(), done)
        if done.failure:
            NOTES.print(f"错误：{done.failure}。写好的都留下了，再运行一次就接着做。", style="red", markup=False)
            raise typer.Exit(1)


@app.command("eval")
def evaluate(
    questions: Annotated[list[Path] | None, typer.Option("--questions", help="问题文件（JSON Lines），可重复；默认是自带的 test。")] = None,
    answers: Annotated[Path | None, typer.Option("--answers", help="把每个答案写进这个文件；中断后再运行会接着做。")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="把结果写进这个目录：results.json、junit.xml、index.html。")] = None,
    gate: Annotated[bool, typer.Option("--gate", help="不到 eval/gate.toml 的门槛就失败。")] = False,
    compare: Annotated[tuple[Path, Path] | None, typer.Option("--compare", metavar="OLD NEW", help="比较两次的 results.json。")] = None,
    bench: Annotated[Path | None, typer.Option("--bench", help="用这个目录里的公开法条题集测量检索。")] = None,
    verifier: Annotated[bool, typer.Option("--verifier", help="测量核对本身：造出错误的句子，看查出多少。")] = False,
    ablation: Annotated[bool, typer.Option("--ablation", help="测量检索的每一样值多少：拿掉它再问一遍；默认是 dev 与 test。")] = False,
    learn: Annotated[bool, typer.Option("--learn", help="从问题文件学习排序与把握度的权重。")] = False,
    judge: Annotated[str | None, typer.Option("--judge", metavar="MODEL", help="让这个模型评判每一句有没有条款依据。")] = None,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=64, help="同时问几个。")] = 2,
    as_json: JsonOption = False,
) -> None:
    """用问题集测量检索与引用。"""
    from eval import command
    from eval.errors import EvalError

    with failing_plainly(EvalError):
        if compare:
            command.show_comparison(screen(), *compare)
            return
        with opened() as wired, progress_bar() as progress:
            if bench and not learn:
                command.run_bench(screen(), bench, wired.settings.home, progress)
            elif verifier:
                command.measure_verifier(screen(), wired.library, as_json=as_json)
            elif ablation:
                home = wired.settings.home
                command.measure_ingredients(screen(), wired.library, wired.index(), home, questions or [], progress, as_json=as_json)
            elif learn:
                command.learn_weights(wired.library, wired.index(), wired.settings.home, questions or [], bench, progress)
            else:
                today = datetime.date.today().isoformat()
                asked = tuple(questions or ())
                run = command.Run(wired.answerer(), wired.library, asked, answers, report, parallel, today, wired.judge(judge))
                if not command.evaluate(screen(), run, progress, held_to_gate=gate, as_json=as_json):
                    raise typer.Exit(1)


@app.command()
def notify(
    report: Annotated[Path | None, typer.Option("--report", metavar="DIR", help="告诉群里这次测量（wenyue eval --report）的结果。")] = None,
) -> None:
    """用企业微信的群机器人告诉群里：哪些协议有了新版本、改了哪些条款；或测量的结果。"""
    from bot.channel_wiring import robot_of
    from bot.news import Bulletin
    from bot.wecom.robot import RobotError
    from bot.wecom.text import inert
    from eval import gate, markdown
    from eval.errors import EvalError
    from eval.results import load_results

    with failing_plainly(RobotError, EvalError), opened() as wired:
        robot = robot_of(wired.settings)
        if report is not None:
            found = load_results(report / "results.json")
            robot.send(markdown.markdown(found, gate.check(found.summary, slices=found.slices)))
            tell("发出了测量的结果。")
            return
        bulletin = Bulletin(wired.settings.database)
        waiting = bulletin.due("robot", wired.library)
        tell(f"有 {len(waiting)} 条通知要发。" if waiting else "没有新的版本要通知；第一次运行只记下现有的版本。")
        while waiting:
            try:
                robot.send(inert(waiting[0].text))
            except RobotError:
                for notice in waiting:  # for the next time
                    bulletin.untold("robot", notice)
                raise
            waiting.pop(0)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """检查设置、数据与模型，说明哪里不对、怎么办。"""
    with failing_plainly():
        from bot.doctor import examine, show_findings

        findings = examine(load_settings())
        if as_json:
            print_json({"findings": [finding.to_json() for finding in findings]})
        else:
            show_findings(screen(), findings)
        if any(finding.state == "wrong" for finding in findings):
            raise typer.Exit(1)


def _here(thread: str = "") -> Place:
    """This terminal, and whoever is at it."""
    import getpass

    from bot.place import Place

    try:
        asker = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        asker = ""
    return Place("terminal", thread=thread, asker=asker)


for command in (answers, telegram, wecom, serve, backup, restore, purge, export, key):
    app.command()(command)

main: Callable[[], Any] = app

if __name__ == "__main__":
    main()
