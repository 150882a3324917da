"""The first released schema."""

from __future__ import annotations

import sqlalchemy as sa

from bot.migrations import first

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    first.create_table(
        "agreement",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("described", sa.Text(), nullable=False),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    first.create_table(
        "agreement_fact",
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("clause", sa.String(length=128), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "version", "position"),
    )
    first.create_table(
        "agreement_version",
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("described", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parser", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "number"),
    )
    first.create_table(
        "allowed",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("agreements", sa.Text(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "kind", "id"),
    )
    first.create_table(
        "announced",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("agreement", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "agreement", "number"),
    )
    first.create_table(
        "answer",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("served_from", sa.String(length=12), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    first.create_index("answer_asker", "answer", ["channel", "asker"], unique=False)
    first.create_index("answer_at", "answer", ["at"], unique=False)
    first.create_index("answer_key", "answer", ["key", "at"], unique=False)
    first.create_index("answer_place", "answer", ["channel", "chat", "thread", "asker", "at"], unique=False)
    first.create_index("answer_status", "answer", ["status", "at"], unique=False)
    first.create_table(
        "clause",
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(length=128), nullable=True),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("annex", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "id"),
    )
    first.create_table(
        "contact",
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("agreement"),
    )
    first.create_table(
        "conversation",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "chat", "thread", "asker"),
    )
    first.create_table(
        "handed",
        sa.Column("record", sa.String(length=12), nullable=False),
        sa.Column("item", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record"),
    )
    first.create_index("handed_at", "handed", ["at"], unique=False)
    first.create_index("handed_item", "handed", ["item"], unique=False)
    first.create_table(
        "inbox",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("agreements", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("taken_by", sa.String(length=16), nullable=False),
        sa.Column("beaten", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "chat", "message"),
    )
    first.create_index("inbox_asker", "inbox", ["channel", "asker", "at"], unique=False)
    first.create_index("inbox_at", "inbox", ["at"], unique=False)
    first.create_index("inbox_chat", "inbox", ["channel", "chat", "at"], unique=False)
    first.create_index("inbox_state", "inbox", ["state", "taken_by"], unique=False)
    first.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(length=16), nullable=False),
        sa.Column("renewed", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    first.create_table(
        "library_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    first.create_table(
        "likely_question",
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("clause", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("voice", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "clause", "position"),
    )
    first.create_table(
        "notice",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "chat"),
    )
    first.create_table("removed_agreement", sa.Column("key", sa.String(length=64), nullable=False), sa.PrimaryKeyConstraint("key"))
    first.create_table(
        "review",
        sa.Column("item", sa.String(length=12), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("clauses", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("item"),
    )
    first.create_index("review_at", "review", ["at"], unique=False)
    first.create_table(
        "seal", sa.Column("id", sa.Integer(), nullable=False), sa.Column("mark", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("id")
    )
    first.create_table(
        "seen_update",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "id"),
    )
    first.create_index("seen_update_at", "seen_update", ["at"], unique=False)
    first.create_table(
        "shown_answer",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "id"),
    )
    first.create_index("shown_answer_at", "shown_answer", ["at"], unique=False)
    first.create_table(
        "spending",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("chat", sa.String(length=64), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("money", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "chat"),
    )
    first.create_table(
        "subscribed",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("agreements", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "chat"),
    )
    first.create_table(
        "told",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "chat", "kind"),
    )
    first.create_table(
        "version_clause",
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(length=128), nullable=True),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("annex", sa.Boolean(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "version", "position"),
    )
    first.create_table(
        "vote",
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record", "channel", "asker"),
    )
    first.create_index("vote_asker", "vote", ["channel", "asker"], unique=False)
    first.create_index("vote_at", "vote", ["at"], unique=False)
    first.create_table(
        "wecom_nonce",
        sa.Column("timestamp", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("timestamp", "nonce"),
        sa.UniqueConstraint("signature"),
    )
    first.create_index("wecom_nonce_at", "wecom_nonce", ["at"], unique=False)
    first.create_table(
        "wecom_stream",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("card", sa.Text(), nullable=True),
        sa.Column("response_url", sa.Text(), nullable=True),
        sa.Column("sending", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    first.create_index("wecom_stream_at", "wecom_stream", ["at"], unique=False)
