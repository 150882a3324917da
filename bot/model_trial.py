"""The configured chat models put to the work they are for, once each: what they support, and what would go wrong with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from bot.settings import Settings
from bot.wiring import judge_of, services_of, spending_of

if TYPE_CHECKING:
    from answering.vendors import Service

Said = tuple[Literal["good", "note", "wrong"], str]
_CLAUSES = "[C1] 《停车协议》1.1\n停车每小时收费 5 元，不足一小时按一小时收费。"
_QUESTION = "停车一小时多少钱？"
_OTHER = "[C{at}] 《停车协议》2.{at}\n第 {at} 号车位的钥匙由第 {at} 号柜保管，取用与归还时须登记。"
_READ = 0.7  # of the tokens that were sent: vendors count them differently, but not as differently as this


def try_models(settings: Settings) -> Iterator[Said]:
    """What there is to say of each model of the chain, first to last."""
    from answering.errors import ModelError
    from answering.prices import parse_prices

    try:
        parse_prices(settings.prices)
        wanted = services_of(settings)
    except ModelError as error:
        yield "wrong", str(error)
        return
    for service in wanted:
        try:
            yield _tried(service, settings)
        except ModelError as error:
            yield "wrong", str(error)


def _tried(service: Service, settings: Settings) -> Said:
    """One question about one clause; a server of one's own is shown as many clauses as it will be, since many read only the last of them."""
    from answering.claims import claims_in
    from answering.evidence import count_tokens
    from answering.langchain_model import LangChainModel
    from answering.models import Reply
    from prompts.prompt import load_prompt

    clauses = _many(settings.evidence_tokens) if service.local else _CLAUSES
    system, user = load_prompt("answer", ("clauses", "history", "question")).fill(clauses=clauses, history="（无）", question=_QUESTION)
    model = LangChainModel(service, settings.model_timeout, tracing=settings.tracing)
    asked = time.monotonic()
    with Reply(model.stream(system, user)) as reply:
        next(reply)
        first, pieces = time.monotonic() - asked, 1 + sum(1 for _ in reply)
    done = reply.completion
    assert done is not None
    supports = [
        "流式" if model.streams and pieces > 1 else "不是流式，答案一次给出",
        f"报告用量（输入 {done.prompt_tokens}，其中缓存 {done.cached_tokens}，输出 {done.completion_tokens}）"
        if done.prompt_tokens
        else "不报告用量，用量按估计记",
    ]
    told = f"{service.name} 能回答，首字 {first:.1f} 秒，共 {time.monotonic() - asked:.1f} 秒；{'；'.join(supports)}"
    sent = count_tokens(system) + count_tokens(user)
    if service.local and 0 < done.prompt_tokens < _READ * sent:
        return "note", (
            f"{told}；但送去约 {sent} token，它只读了 {done.prompt_tokens}：请调大服务的上下文长度"
            f"（Ollama 是 OLLAMA_CONTEXT_LENGTH），或调小 WENYUE_EVIDENCE_TOKENS"
        )
    if not any("C1" in claim.handles for claim in claims_in(done.text)):
        return "note", f"{told}；但没有按格式写条款代号：它写的句子多半会被扣下，改为摘引条款；请换一个模型"
    return "good", f"{told}；按格式写条款代号"


def try_judge(settings: Settings) -> Said:
    """What there is to say of the judge, having put a right sentence and a wrong one to it."""
    from answering.errors import ModelError
    from answering.evidence import Exhibit
    from retrieval.clause import Clause, Kind

    _, _, text = _CLAUSES.partition("\n")
    clause = Clause("parking", "1.1", "1.1", 1, Kind.CLAUSE, 2, None, "", text, False, "《停车协议》1.1")
    shown = [Exhibit("C1", clause, "", "")]
    try:
        judge = judge_of(settings)
        assert judge is not None
        right, wrong = (judge.supports(sentence, shown, _QUESTION).supported for sentence in ("停车每小时 5 元。", "停车不收费。"))
    except ModelError as error:
        return "wrong", f"WENYUE_JUDGE：{error}"
    if right and not wrong:
        return "good", f"通过核对的句子再由 {settings.judge} 评判"
    return (
        "wrong",
        f"WENYUE_JUDGE={settings.judge} 分不清有没有依据：对的句子它说{'支持' if right else '不支持'}，错的它说{'支持' if wrong else '不支持'}；请换一个模型",
    )


def _many(tokens: int) -> str:
    """The clause that answers and others after it, as many as fit."""
    from answering.evidence import count_tokens

    each = count_tokens(_OTHER.format(at=100))
    return "\n\n".join([_CLAUSES, *(_OTHER.format(at=at) for at in range(2, max(3, tokens // each)))])


def spending_told(settings: Settings) -> Iterator[Said]:
    """What today has cost, against the limits; nothing where nothing is counted."""
    from answering.errors import ModelError
    from answering.prices import MILLION

    try:
        spending = spending_of(settings)
        if spending is None:
            return
        try:
            spent = spending.spent()
        finally:
            spending.close()
    except ModelError as error:
        yield "wrong", str(error)
        return
    limits = spending.limits
    told = [f"今天已用 {spent.tokens:,} token" + (f"，上限 {limits.tokens:,}" if limits.tokens else "")]
    if settings.prices:
        told.append(f"花费 {spent.money / MILLION:.4f}" + (f"，上限 {limits.money / MILLION:g}" if limits.money else ""))
    if limits.chat_tokens:
        told.append(f"每个会话上限 {limits.chat_tokens:,} token")
    reached = (limits.tokens and spent.tokens >= limits.tokens) or (limits.money and spent.money >= limits.money)
    yield ("note" if reached else "good"), "；".join(told)
