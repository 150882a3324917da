"""`wenyue agreements contact`: whom people are told to ask where the bot has no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import failed, failing_plainly, print_json, screen
from bot.wiring import opened

if TYPE_CHECKING:
    from bot.contacts import Contact


def contact(
    key: Annotated[str | None, typer.Argument(metavar="[KEY", show_default=False, help="协议；* 是没有指定联系人的所有协议。")] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]]", show_default=False, help='联系人，例如 "法务 李雷"。')] = None,
    telegram: Annotated[str | None, typer.Option("--telegram", metavar="ID", help="Telegram 的数字编号，/whoami 会说。")] = None,
    wecom: Annotated[str | None, typer.Option("--wecom", metavar="USERID", help="企业微信的 userid。")] = None,
    mail: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS", help="邮箱地址。")] = None,
    default: Annotated[bool, typer.Option("--default", help="同 KEY 写 *；这时不写 KEY。")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="不再有联系人。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """指定协议的联系人：机器人答不了时，请人去问他；不写就列出来。"""
    from bot.contacts import EVERY, Contact, ContactRefused, Contacts

    if default:  # then what stands first is the name
        key, name = EVERY, key if name is None else name
    ways = [(way, address) for way, address in (("telegram", telegram), ("wecom", wecom), ("mail", mail)) if address is not None]
    with failing_plainly(ContactRefused), opened() as wired:
        contacts = Contacts(wired.settings.database)
        try:
            if key is not None and key != EVERY:
                wired.library.agreement(key)
            if len(ways) > 1:
                raise failed("--telegram、--wecom、--mail 只能写一个", 2)
            if remove and (key is None or name is not None or ways):
                raise failed("--remove 只要 KEY，例如 wenyue agreements contact lexiang --remove", 2)
            if remove and key is not None:
                if not contacts.remove(key):
                    raise failed(f"{key} 没有联系人")
                screen().print(f"{_of(key)}不再有联系人。", markup=False)
                return
            if key is not None and name is not None:
                found = Contact(name, *(ways[0] if ways else ()))
                contacts.name(key, found)
                screen().print(f"{_of(key)}的联系人是 {found.name}{reached(found)}。", markup=False, soft_wrap=True)
                return
            if ways:
                raise failed('请写出联系人的名字，例如 wenyue agreements contact lexiang "法务 李雷" --telegram 123456', 2)
            listed = {held: one for held, one in sorted(contacts.all().items()) if key in (None, held)}
            if as_json:
                print_json({"contacts": [{"agreement": held, **one.to_json()} for held, one in listed.items()]})
                return
            for held, one in listed.items():
                screen().print(f"{held}　{one.name}{reached(one)}", markup=False, soft_wrap=True)
            if not listed:
                screen().print("没有联系人。", markup=False)
        finally:
            contacts.close()


def reached(contact: Contact) -> str:
    """How a contact is reached, in brackets; empty where nobody said."""
    return {"telegram": "（Telegram {}）", "wecom": "（企业微信 {}）", "mail": "（{}）", "": ""}[contact.way].format(contact.address)


def _of(key: str) -> str:
    return "其余协议" if key == "*" else f"{key} "
