"""Whom people may ask where the bot has no answer: a person named for each agreement, or one for all of them. What administrators say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Table, delete, select

from bot.database import Database, opened, storable

EVERY = "*"
"""The key of whom people may ask about agreements that nobody is named for."""

WAYS = ("telegram", "wecom", "mail")
"""How a contact may be reached: an account of a channel, or mail."""

_METADATA = MetaData()
CONTACTS = Table(
    "contact",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("name", String, nullable=False),
    Column("way", String(16), nullable=False),
    Column("address", String, nullable=False),
)
_NAME = 60  # characters
_ADDRESSES = {
    "telegram": re.compile(r"\d{1,19}"),
    "wecom": re.compile(r"[A-Za-z0-9][A-Za-z0-9_@.-]{0,63}"),
    "mail": re.compile(r"[^\s@<>\"'?&]+@[^\s@<>\"'?&]+\.[^\s@<>\"'?&]+"),
}
_SHOULD_BE = {"telegram": "数字编号（/whoami 会说）", "wecom": "成员的 userid", "mail": "邮箱地址"}


class ContactRefused(Exception):
    """What was given cannot be a contact. The message is shown to people as it stands."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to ask: their `name`, and their `address` in one of WAYS; both empty where there is none."""

    name: str
    way: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > _NAME or not self.name.isprintable():
            raise ContactRefused(f"联系人的名字要有 1 到 {_NAME} 个字，不能换行：{self.name!r}")
        if self.way and not _ADDRESSES[self.way].fullmatch(self.address):
            raise ContactRefused(f"{self.address!r} 不是 {self.way} 的联系方式，应是{_SHOULD_BE[self.way]}")

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "way": self.way, "address": self.address}


class Contacts:
    """The contacts in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    They stay until somebody takes them away, whatever becomes of their agreement. Everything raises StorageError where the database fails.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(opened(url), (CONTACTS,), "联系人")

    def name(self, agreement: str, contact: Contact) -> None:
        """Let this be the contact of an agreement, given by its key or EVERY."""
        values = {"name": storable(contact.name.strip()), "way": contact.way, "address": storable(contact.address)}
        naming = self._database.insertion(CONTACTS).values(agreement=storable(agreement), **values)
        naming = naming.on_conflict_do_update(index_elements=[CONTACTS.c.agreement], set_=values)
        self._database.run(lambda connection: connection.execute(naming))

    def remove(self, agreement: str) -> bool:
        """Let there be no contact; whether there was one."""
        removing = delete(CONTACTS).where(CONTACTS.c.agreement == storable(agreement))
        return self._database.run(lambda connection: bool(connection.execute(removing).rowcount))

    def all(self) -> dict[str, Contact]:
        """Every contact by the key of its agreement."""
        rows = self._database.run(lambda connection: connection.execute(select(CONTACTS)).all())
        return {row.agreement: Contact(row.name, row.way, row.address) for row in rows}

    def of(self, agreement: str) -> Contact | None:
        """Whom to ask about an agreement; the contact for all where nobody is named for it, or where it is not known which one."""
        known = self.all()
        return known.get(agreement) or known.get(EVERY)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()
