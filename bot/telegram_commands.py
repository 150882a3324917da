"""The commands of the Telegram bot. What is asked goes to the desk like any message; the others answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from telegram import LinkPreviewOptions, Update
from telegram import Message as Sent
from telegram.constants import ChatType, ParseMode
from telegram.ext import ContextTypes

from answering.answer import Language
from answering.kept import answer_from
from answering.language import language_of
from bot.access import Access
from bot.desk import Desk
from bot.form import form_of
from bot.inbox import Inbox
from bot.record import Record
from bot.records import Records
from bot.telegram_addressing import CHANNEL, message_of, place_of
from bot.telegram_markup import Paragraph, Run, parts_of
from bot.telegram_reply import Look, TelegramReply
from bot.votes import Votes
from bot.wording import say
from retrieval.library import Library

# What each does, in Chinese and in English; those of administrators are not listed for everybody.
COMMANDS: dict[str, tuple[str, str]] = {
    "ask": ("问一个问题：/ask 买错了能退钱吗", "ask a question: /ask can we get a refund"),
    "clause": ("看一个条款：/clause 乐享 4.6.1", "show a clause: /clause 乐享 4.6.1"),
    "agreements": ("收了哪些协议", "the agreements held here"),
    "search": ("找条款：/search 退款", "search clauses: /search 退款"),
    "sources": ("上一个回答依据的条款全文", "the clauses of the last answer, whole"),
    "new": ("开始新对话", "begin a new conversation"),
    "feedback": ("对上一个回答提意见：/feedback 引错了", "say what was wrong with the last answer"),
    "subscribe": ("协议更新时告诉这个会话", "tell this chat when an agreement changes"),
    "unsubscribe": ("不再告诉", "do not tell it any more"),
    "privacy": ("记下了什么、留多久", "what is kept, and for how long"),
    "forgetme": ("删除记下的我的话", "delete what was kept of me"),
    "help": ("怎么用", "how to use it"),
    "whoami": ("我的编号与会话编号", "my id and this chat's"),
    "start": ("", ""),
    "allow": ("", ""),
    "deny": ("", ""),
    "status": ("", ""),
}
_OPEN = ("help", "start", "whoami", "privacy", "forgetme", "allow", "deny", "status")  # also for those who may not ask
_QUOTING = ("agreements", "search", "sources")  # what shows words of agreements
_FOUND = 5  # clauses of a search
_BEGINNING = 120  # characters shown of each


class Commands:
    """Carries commands out. `run` is the handler of all of them."""

    def __init__(self, desk: Desk, inbox: Inbox, access: Access, records: Records, votes: Votes, library: Library, look: Look) -> None:
        self._desk = desk
        self._inbox = inbox
        self._access = access
        self._records = records
        self._votes = votes
        self._library = library
        self._look = look
        self._acts: dict[str, Callable[[Sent, str, Language], Awaitable[str]]] = {
            "agreements": self._agreements,
            "search": self._search,
            "sources": self._sources,
            "new": self._new,
            "feedback": self._feedback,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "privacy": self._privacy,
            "forgetme": self._forget,
            "help": self._help,
            "start": self._help,
            "whoami": self._who,
            "allow": self._allow,
            "deny": self._deny,
            "status": self._status,
        }

    async def run(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        sent = update.message
        if sent is None or not sent.text or (sent.from_user and sent.from_user.is_bot and not sent.sender_chat):
            return
        command, _, rest = sent.text.partition(" ")
        name, rest = command[1:].partition("@")[0].lower(), rest.strip()
        language = language_of(rest) if rest else Language.ENGLISH if _speaks_english(sent) else Language.SIMPLIFIED
        if name in ("ask", "clause"):
            if not rest:
                await _say(sent, COMMANDS[name][language is Language.ENGLISH])
                return
            text = rest if name == "ask" else say("telegram_clause", language, number=rest)
            message = message_of(sent, text)
            await self._desk.take(message, TelegramReply(context.bot, message, self._look))
            return
        place, private = place_of(sent), sent.chat.type == ChatType.PRIVATE
        if name not in _OPEN and await asyncio.to_thread(self._access.may_ask, place, private) is None:
            return
        if await asyncio.to_thread(self._inbox.seen, CHANNEL, str(update.update_id)):
            await (_quote if name in _QUOTING else _say)(sent, await self._acts[name](sent, rest, language))

    async def _agreements(self, sent: Sent, rest: str, language: Language) -> str:
        return "\n".join(f"· 《{held.title}》（{'、'.join(held.names[:2])}）" for held in self._library.agreements)

    async def _search(self, sent: Sent, rest: str, language: Language) -> str:
        if not rest:
            return COMMANDS["search"][language is Language.ENGLISH]
        place, private = place_of(sent), sent.chat.type == ChatType.PRIVATE
        permission = await asyncio.to_thread(self._access.may_ask, place, private)
        within = permission.agreements if permission else ()
        hits = await asyncio.to_thread(self._look.find, rest, within, _FOUND)
        found = [f"{at}. {hit.clause.label}\n{_beginning(hit.clause.content)}" for at, hit in enumerate(hits, start=1)]
        return "\n\n".join(found) or say("telegram_nothing", language)

    async def _sources(self, sent: Sent, rest: str, language: Language) -> str:
        record = await self._last(sent)
        answer = await asyncio.to_thread(answer_from, record.answer, self._library) if record else None
        if answer is None or not answer.citations:
            return say("telegram_none", language)
        form = form_of(answer, self._look.agreements())
        return "\n\n".join(f"{cited.label}\n{cited.under}{''.join(span.text for span in cited.text)}" for cited in form.cited)

    async def _new(self, sent: Sent, rest: str, language: Language) -> str:
        await asyncio.to_thread(self._records.begin, place_of(sent))
        return say("telegram_new", language)

    async def _feedback(self, sent: Sent, rest: str, language: Language) -> str:
        record = await self._last(sent)
        if record is None:
            return say("telegram_none", language)
        await asyncio.to_thread(self._votes.cast, record.id, CHANNEL, place_of(sent).asker, "down", rest[:500])
        return say("telegram_thanks", language)

    async def _subscribe(self, sent: Sent, rest: str, language: Language) -> str:
        known, unknown = self._keys(rest.split())
        if unknown:
            return say("telegram_unknown", language, words="、".join(unknown))
        await asyncio.to_thread(self._access.subscribe, CHANNEL, str(sent.chat_id), known)
        return say("telegram_subscribed", language)

    async def _unsubscribe(self, sent: Sent, rest: str, language: Language) -> str:
        await asyncio.to_thread(self._access.unsubscribe, CHANNEL, str(sent.chat_id))
        return say("telegram_unsubscribed", language)

    async def _privacy(self, sent: Sent, rest: str, language: Language) -> str:
        return say("telegram_privacy", language, days=f"{self._records.days:g}")

    async def _forget(self, sent: Sent, rest: str, language: Language) -> str:
        asker = place_of(sent).asker
        deleted = await asyncio.to_thread(self._records.forget, CHANNEL, asker=asker)
        await asyncio.to_thread(self._inbox.forget, CHANNEL, asker=asker)
        await asyncio.to_thread(self._votes.forget, CHANNEL, asker)
        return say("telegram_forgotten", language, count=deleted)

    async def _help(self, sent: Sent, rest: str, language: Language) -> str:
        listed = "\n".join(f"/{name}　{told[language is Language.ENGLISH]}" for name, told in COMMANDS.items() if told[0])
        return "\n\n".join([say("telegram_help", language), listed])

    async def _who(self, sent: Sent, rest: str, language: Language) -> str:
        place = place_of(sent)
        return say("telegram_who", language, asker=place.asker, chat=place.chat)

    async def _allow(self, sent: Sent, rest: str, language: Language) -> str:
        place = place_of(sent)
        if not self._access.is_admin(CHANNEL, place.asker):
            return say("telegram_admins", language)
        words = rest.split()
        ids = [word for word in words if word.lstrip("-").isdigit()]
        known, unknown = self._keys([word for word in words if word not in ids])
        if unknown:  # no agreement at all would mean every agreement
            return say("telegram_unknown", language, words="、".join(unknown))
        ids = ids or [place.chat]
        for id_ in ids:
            await asyncio.to_thread(self._access.allow, CHANNEL, "chat" if id_.startswith("-") else "user", id_, known, by=place.asker)
        return say("telegram_allowed", language, ids="、".join(ids))

    async def _deny(self, sent: Sent, rest: str, language: Language) -> str:
        place = place_of(sent)
        if not self._access.is_admin(CHANNEL, place.asker):
            return say("telegram_admins", language)
        ids = [word for word in rest.split() if word.lstrip("-").isdigit()] or [place.chat]
        for id_ in ids:
            await asyncio.to_thread(self._access.deny, CHANNEL, "chat" if id_.startswith("-") else "user", id_, by=place.asker)
        return say("telegram_denied", language, ids="、".join(ids))

    async def _status(self, sent: Sent, rest: str, language: Language) -> str:
        if not self._access.is_admin(CHANNEL, place_of(sent).asker):
            return say("telegram_admins", language)
        allowed = await asyncio.to_thread(self._access.allowed, CHANNEL)
        since = datetime.now(UTC) - timedelta(days=1)
        today = await asyncio.to_thread(self._records.listing, since=since, channel=CHANNEL, limit=10_000)
        answered = sum(record.status == "answered" for record in today)
        return say(
            "telegram_status", language, allowed=len(allowed), asked=len(today), answered=answered, held=len(self._library.agreements)
        )

    def _keys(self, words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
        """The keys of the agreements that are named by key or name, and the words that name none."""
        named = {name: held.key for held in self._library.agreements for name in (held.key, *held.names)}
        return tuple(dict.fromkeys(named[word] for word in words if word in named)), [word for word in words if word not in named]

    async def _last(self, sent: Sent) -> Record | None:
        """The last answer that whoever writes was given in this chat."""
        place = place_of(sent)
        rows = await asyncio.to_thread(self._records.listing, channel=CHANNEL, chat=place.chat, limit=50)
        return next((record for record in rows if record.place.asker == place.asker), None)


def _speaks_english(sent: Sent) -> bool:
    return bool(sent.from_user and (sent.from_user.language_code or "").startswith("en"))


def _beginning(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= _BEGINNING else f"{text[:_BEGINNING]}…"


async def _say(sent: Sent, text: str) -> None:
    """Reply in words of our own, in which commands can be pressed."""
    await sent.reply_text(text, do_quote=True, link_preview_options=LinkPreviewOptions(is_disabled=True))


async def _quote(sent: Sent, text: str) -> None:
    """Reply with words of agreements, of which nothing becomes a link or calls anybody."""
    for part in parts_of([Paragraph((Run(text),))]):
        await sent.reply_text(
            part.html, parse_mode=ParseMode.HTML, do_quote=True, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )
