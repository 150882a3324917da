"""`wenyue agreements`: the agreements that are kept, their versions, and what changed between two of them."""

from __future__ import annotations

import datetime
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from bot.console.terminal import failed, failing_plainly, print_json, screen
from bot.wiring import NOTES, opened

agreements_app = typer.Typer(help="所收的协议。", invoke_without_command=True)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", show_default=False)]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="文本、Markdown、网页、Word 或 PDF。")]
DateOption = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help="从哪天起生效，例如 2025-03-01；没到那天之前仍按前一版回答。")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="正文里读到的资料全部采用，不再问。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


@agreements_app.callback()
def agreements(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        agreements_list()


@agreements_app.command("list")
def agreements_list(as_json: JsonOption = False) -> None:
    """列出所收的协议。"""
    with failing_plainly(), opened() as wired:
        counts = {agreement.key: len(wired.library.clauses([agreement.key])) for agreement in wired.library.agreements}
        if as_json:
            for agreement in wired.library.agreements:
                print_json({name: getattr(agreement, name) for name in agreement.__slots__} | {"clauses": counts[agreement.key]})
            return
        from bot.console.rendering import show_agreements
        from retrieval.precedence import precedence

        relations = precedence(wired.library.clauses(), wired.library.agreements).edges
        show_agreements(screen(), wired.library.agreements, counts, relations)


@agreements_app.command()
def show(
    key: KeyArgument,
    number: Annotated[int | None, typer.Option("--version", metavar="N", help="看这一版的条款；不写就看有哪些版本。")] = None,
    as_json: JsonOption = False,
) -> None:
    """看一份协议和它的各个版本。"""
    from bot.console.agreements_view import show_versions
    from bot.console.contacts import reached
    from bot.console.facts_view import show_facts
    from bot.console.rendering import show_clauses
    from bot.contacts import Contacts
    from bot.versions import version_json

    with failing_plainly(), opened() as wired:
        library = wired.library
        versions, current = library.versions(key), library.agreement(key).version
        if number is not None:
            clauses = library.version_clauses(key, number)
            (version,) = (version for version in versions if version.number == number)
            if as_json:
                rows = [{name: getattr(clause, name) for name in clause.__slots__} for clause in clauses]
                print_json(version_json(version, current, len(clauses)) | {"clauses": rows})
            else:
                show_clauses(screen(), version.agreement, clauses)
            return
        counts = {version.number: len(library.version_clauses(key, version.number)) for version in versions}
        facts = library.facts(key, current)
        with closing(Contacts(wired.settings.database)) as contacts:
            to_ask = contacts.of(key)
        if as_json:
            agreement = library.agreement(key)
            rows = [version_json(version, current, counts[version.number]) for version in versions]
            said: dict[str, object] = {
                "versions": rows,
                "facts": [{name: getattr(fact, name) for name in fact.__slots__} for fact in facts],
            }
            said["contact"] = to_ask.to_json() if to_ask else None
            print_json({name: getattr(agreement, name) for name in agreement.__slots__} | said)
            return
        show_versions(screen(), library.agreement(key), versions, counts)
        if to_ask:
            screen().print(f"联系人：{to_ask.name}{reached(to_ask)}", markup=False, soft_wrap=True)
        if facts:
            show_facts(screen(), facts, library.clauses([key]))
        if waiting := len(library.proposals(key)):
            screen().print(f"正文里还读到 {waiting} 项资料没有确认：wenyue agreements confirm {key}", markup=False, soft_wrap=True)


@agreements_app.command()
def add(
    file: FileArgument,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="默认按文件名起。")] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TITLE", help="默认取正文开头的标题。")] = None,
    short: Annotated[list[str] | None, typer.Option("--short", metavar="NAME", help="人们怎么叫它，可重复，最常用的在前。")] = None,
    date: DateOption = None,
    yes: YesOption = False,
) -> None:
    """收入一份协议。"""
    from bot.console.agreements_view import show_report
    from bot.console.confirming import interruptible, propose

    effective = _day(date)
    with failing_plainly(), opened() as wired:
        with interruptible(wired.library), NOTES.status(f"读取 {file.name}"):
            agreement, report = wired.library.add(file, key=key, title=title, names=short or (), effective=effective)
        screen().print(f"已收入《{agreement.title}》（{agreement.key}），叫法：{'、'.join(agreement.names)}", markup=False, soft_wrap=True)
        show_report(screen(), report)
        propose(wired.library, agreement.key, wired.library.proposals(agreement.key), yes)
        _told()


@agreements_app.command()
def update(key: KeyArgument, file: FileArgument, date: DateOption = None, yes: YesOption = False) -> None:
    """收入一份协议的新版本，旧的版本留着。"""
    from bot.compared import counted
    from bot.console.agreements_view import show_report, unlike
    from bot.console.confirming import interruptible, propose
    from bot.versions import named
    from retrieval.comparison import compare

    effective = _day(date)
    with failing_plainly(), opened() as wired:
        library = wired.library
        newest, waiting = library.versions(key)[-1], {fact.said for fact in library.proposals(key)}
        with interruptible(library), NOTES.status(f"读取 {file.name}"):
            version, report = library.update(key, file, effective)
        title = f"《{version.agreement.title}》{named(version)}"
        if report is None:
            dated = "，只改了生效日期" if version != newest else ""
            screen().print(f"{file.name} 与{title}的文字一样，没有收入新的版本{dated}。", markup=False, soft_wrap=True)
            return
        before, after = (library.version_clauses(key, number) for number in (version.number - 1, version.number))
        comparison = compare(before, after)
        screen().print(f"已收入{title}，与上一版比：{counted(comparison)}。详见 wenyue agreements diff {key}", markup=False, soft_wrap=True)
        if warning := unlike(comparison, before, after):
            NOTES.print(warning, style="yellow", markup=False, soft_wrap=True)
        if library.agreement(key).version != version.number:
            screen().print(f"它从 {version.agreement.effective} 起生效，在那之前仍按第 {library.agreement(key).version} 版回答。")
        show_report(screen(), report)
        propose(library, key, [fact for fact in library.proposals(key) if fact.said not in waiting], yes)
        _told()


@agreements_app.command()
def confirm(key: KeyArgument, yes: YesOption = False) -> None:
    """采用正文里读到的资料：叫法、订立方、日期、与别的协议的关系、定义。"""
    from bot.console.confirming import propose

    with failing_plainly(), opened() as wired:
        proposals = wired.library.proposals(key)
        if not proposals:
            agreement = wired.library.agreement(key)
            screen().print(f"《{agreement.title}》（{key}）没有要确认的资料。", markup=False, soft_wrap=True)
            return
        propose(wired.library, key, proposals, yes)


@agreements_app.command()
def remove(key: KeyArgument) -> None:
    """移除一份协议和它的所有版本。"""
    with failing_plainly(), opened() as wired:
        agreement, versions = wired.library.agreement(key), wired.library.versions(key)
        wired.library.remove(key)
        back = f"；这是自带的协议，恢复它请用 wenyue agreements restore {key}" if versions[0].shipped else ""
        screen().print(f"已移除《{agreement.title}》（{key}）的 {len(versions)} 个版本{back}。", markup=False, soft_wrap=True)
        _told()


@agreements_app.command()
def restore(key: KeyArgument) -> None:
    """恢复一份移除过的自带的协议。"""
    with failing_plainly(), opened() as wired:
        wired.library.restore(key)
        wired.sync()
        screen().print(f"已恢复《{wired.library.agreement(key).title}》（{key}）。", markup=False, soft_wrap=True)
        _told()


@agreements_app.command()
def diff(
    key: KeyArgument,
    old: Annotated[int | None, typer.Argument(metavar="[OLD", show_default=False, help="旧的版本号；默认是倒数第二版。")] = None,
    new: Annotated[int | None, typer.Argument(metavar="NEW]", show_default=False, help="新的版本号；默认是最新一版。")] = None,
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="写成网页。")] = None,
    as_json: JsonOption = False,
) -> None:
    """逐条逐词比较一份协议的两个版本。"""
    from bot.compared import Compared, counted
    from bot.comparison_page import page_of
    from bot.console.comparison_view import show_comparison
    from retrieval.comparison import compare

    with failing_plainly(), opened() as wired:
        library = wired.library
        versions = {version.number: version for version in library.versions(key)}
        newest = max(versions)
        if old is None and newest == 1:
            raise failed(f"《{versions[1].agreement.title}》（{key}）只有第 1 版，没有别的版本可比")
        numbers = (old or newest - 1, new or newest)
        clauses = [library.version_clauses(key, number) for number in numbers]
        first, last = (versions[number] for number in numbers)
        compared = Compared(first, last, compare(*clauses))
        if page is not None:
            _write(page, page_of(compared))
            NOTES.print(f"已写入 {page}：{counted(compared.comparison)}", markup=False, soft_wrap=True)
        if as_json:
            print_json(compared.to_json())
        elif page is None:
            show_comparison(screen(), compared)


def _day(text: str | None) -> str | None:
    """A date as people write it, as an ISO date."""
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise failed(f"看不懂日期 {text!r}；请写成 2025-03-01 这样", 2) from error


def _told() -> None:
    NOTES.print(
        "索引会在下次提问时更新，也可以现在运行 wenyue index；正在运行的机器人和网页一分钟内会换用新版。", style="dim", soft_wrap=True
    )


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise failed(f"不能写入 {file}（{error.strerror or error}）；请换一个文件名") from error
