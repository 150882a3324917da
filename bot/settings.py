"""What the environment and `.env` say. Read once, when a command starts."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bot.privacy.keys import KeyedUrl, is_key

PROJECT = Path(__file__).resolve().parent.parent
_FOR_EVER = 36500.0  # days; dates know no more than some thousand years


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. `model` unset means the extractive default, `embeddings` unset the local ones, `reranker` unset none; times
    are in seconds.
    """

    home: Path
    agreements: Path
    database: str = field(repr=False)  # a KeyedUrl, which may hold a password
    model: str | None
    model_timeout: float
    evidence_tokens: int
    model_base_url: str | None = None
    daily_tokens: int | None = None
    chat_daily_tokens: int | None = None
    daily_money: float | None = None
    prices: str = ""
    tracing: bool = False
    reranker: str | None = None
    judge: str | None = None
    embeddings: str | None = None
    embeddings_base_url: str | None = None
    embeddings_api_key: str | None = field(default=None, repr=False)
    embeddings_timeout: float = 10.0
    chroma: str | None = None
    keep_days: float = 180.0
    cache_minutes: float = 60.0
    history_tokens: int = 600
    admins: tuple[tuple[str, str], ...] = ()
    asker_minute: int = 6
    asker_day: int = 200
    chat_minute: int = 100
    page: str | None = None
    telegram_token: str | None = field(default=None, repr=False)
    telegram_api: str | None = None
    telegram_webhook: str | None = None
    telegram_secret: str | None = field(default=None, repr=False)
    telegram_port: int = 8443
    wecom_bot_id: str | None = None
    wecom_secret: str | None = field(default=None, repr=False)
    wecom_url: str | None = None
    wecom_names: tuple[str, ...] = ()
    wecom_token: str | None = field(default=None, repr=False)
    wecom_aes_key: str | None = field(default=None, repr=False)
    wecom_robot_key: str | None = field(default=None, repr=False)
    wecom_robot_url: str | None = None
    serve_token: str | None = field(default=None, repr=False)
    admin_token: str | None = field(default=None, repr=False)
    proxy_header: str | None = None
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")

    @property
    def enriched(self) -> Path:
        """Where the questions are kept that a model wrote for clauses."""
        return self.home / "enriched"


def load_settings(environment: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
    """The environment first, then `.env` in the working folder, then the defaults. Raises SettingsError.

    Names in `.env` that are not ours (OPENAI_API_KEY, …) are put into the environment for the libraries that read them there, and so are
    vendors' keys that stand in files (OPENAI_API_KEY_FILE, …).
    """
    values = dict(_dotenv(dotenv or Path(".env")))
    if environment is None:
        for name, value in values.items():
            if not name.startswith("WENYUE_"):
                os.environ.setdefault(name, value)
        for name in [name for name in os.environ if name.endswith("_API_KEY_FILE") and not name.startswith("WENYUE_")]:
            if key := _secret(os.environ, name.removesuffix("_FILE")):
                os.environ[name.removesuffix("_FILE")] = key
        environment = os.environ
    values |= {name: value for name, value in environment.items() if value}
    home = Path(values.get("WENYUE_HOME") or _data_folder(environment)).expanduser()
    return Settings(
        home=home,
        agreements=Path(values.get("WENYUE_AGREEMENTS") or PROJECT / "agreements").expanduser(),
        database=KeyedUrl(_database(values, home), _keys(values)),
        model=values.get("WENYUE_MODEL") or None,
        model_timeout=_number(values, "WENYUE_MODEL_TIMEOUT", 60.0),
        model_base_url=_address(values, "WENYUE_MODEL_BASE_URL"),
        daily_tokens=_limit(values, "WENYUE_DAILY_TOKENS"),
        chat_daily_tokens=_limit(values, "WENYUE_CHAT_DAILY_TOKENS"),
        daily_money=_number(values, "WENYUE_DAILY_MONEY", 0.0) or None,
        prices=values.get("WENYUE_PRICES") or "",
        tracing=_switch(values, "WENYUE_TRACING"),
        evidence_tokens=int(_number(values, "WENYUE_EVIDENCE_TOKENS", 6000, least=500)),
        reranker=values.get("WENYUE_RERANKER") or None,
        judge=values.get("WENYUE_JUDGE") or None,
        embeddings=values.get("WENYUE_EMBEDDINGS") or None,
        embeddings_base_url=_address(values, "WENYUE_EMBEDDINGS_BASE_URL"),
        embeddings_api_key=_secret(values, "WENYUE_EMBEDDINGS_API_KEY"),
        embeddings_timeout=_number(values, "WENYUE_EMBEDDINGS_TIMEOUT", 10.0),
        chroma=_address(values, "WENYUE_CHROMA"),
        keep_days=min(_number(values, "WENYUE_KEEP_DAYS", 180.0, least=0), _FOR_EVER),
        cache_minutes=min(_number(values, "WENYUE_CACHE_MINUTES", 60.0, least=0), _FOR_EVER * 24 * 60),
        history_tokens=int(_number(values, "WENYUE_HISTORY_TOKENS", 600, least=0)),
        admins=_accounts(values, "WENYUE_ADMINS"),
        asker_minute=int(_number(values, "WENYUE_ASKER_MINUTE", 6, least=1)),
        asker_day=int(_number(values, "WENYUE_ASKER_DAY", 200, least=1)),
        chat_minute=int(_number(values, "WENYUE_CHAT_MINUTE", 100, least=1)),
        page=_address(values, "WENYUE_PAGE"),
        telegram_token=_secret(values, "WENYUE_TELEGRAM_TOKEN"),
        telegram_api=_address(values, "WENYUE_TELEGRAM_API"),
        telegram_webhook=_address(values, "WENYUE_TELEGRAM_WEBHOOK"),
        telegram_secret=_secret(values, "WENYUE_TELEGRAM_SECRET"),
        telegram_port=int(_number(values, "WENYUE_TELEGRAM_PORT", 8443, least=1)),
        wecom_bot_id=values.get("WENYUE_WECOM_BOT_ID") or None,
        wecom_secret=_secret(values, "WENYUE_WECOM_SECRET"),
        wecom_url=values.get("WENYUE_WECOM_URL") or None,
        wecom_names=tuple(part.strip() for part in values.get("WENYUE_WECOM_NAMES", "").split(",") if part.strip()),
        wecom_token=_secret(values, "WENYUE_WECOM_TOKEN"),
        wecom_aes_key=_secret(values, "WENYUE_WECOM_AES_KEY"),
        wecom_robot_key=_secret(values, "WENYUE_WECOM_ROBOT_KEY"),
        wecom_robot_url=_address(values, "WENYUE_WECOM_ROBOT_URL"),
        serve_token=_secret(values, "WENYUE_SERVE_TOKEN"),
        admin_token=_secret(values, "WENYUE_ADMIN_TOKEN"),
        proxy_header=values.get("WENYUE_PROXY_HEADER") or None,
        proxies=_networks(values, "WENYUE_PROXIES", ("127.0.0.1", "::1")),
    )


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: it must be a text file in UTF-8 ({error})") from error
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier() or "\0" in value:
            raise SettingsError(f"{path} line {number}: expected NAME=value")
        values[name.strip()] = value.strip().strip("\"'")
    return values


def _number(values: Mapping[str, str], name: str, default: float, *, least: float = 0.001) -> float:
    text = values.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = float("nan")  # which is at least nothing
    if not least <= number < float("inf"):
        raise SettingsError(f"{name} must be a number of at least {least:g}, not {text!r}")
    return number


def _accounts(values: Mapping[str, str], name: str) -> tuple[tuple[str, str], ...]:
    """`telegram:123,wecom:zhangsan,web:alice` as pairs."""
    pairs = [part.strip().partition(":") for part in values.get(name, "").split(",") if part.strip()]
    for channel, colon, user in pairs:
        if not (channel in ("telegram", "wecom", "web") and colon and user):
            raise SettingsError(f"{name} must be accounts such as telegram:123,wecom:zhangsan,web:alice, not {values[name]!r}")
    return tuple((channel, user) for channel, _, user in pairs)


def _limit(values: Mapping[str, str], name: str) -> int | None:
    return int(_number(values, name, 0.0, least=1)) or None


def _switch(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "").lower()
    if text not in ("", "on", "off", "true", "false", "1", "0"):
        raise SettingsError(f"{name} must be on or off, not {text!r}")
    return text in ("on", "true", "1")


def _address(values: Mapping[str, str], name: str) -> str | None:
    text = values.get(name)
    if text and not text.startswith(("http://", "https://")):
        raise SettingsError(f"{name} must be an address that begins with http:// or https://, not {text!r}")
    return text or None


def _database(values: Mapping[str, str], home: Path) -> str:
    """The address of the database, with the password that is kept apart from it."""
    url, password = _secret(values, "WENYUE_DATABASE"), _secret(values, "WENYUE_DATABASE_PASSWORD")
    if url is None or password is None:
        return url or f"sqlite:///{home / 'library.db'}"
    scheme, there, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    if not there or not at or ":" in user:
        raise SettingsError(
            "WENYUE_DATABASE_PASSWORD is for a WENYUE_DATABASE that names a user and no password, such as postgresql+psycopg://wenyue@host/wenyue"
        )
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def _secret(values: Mapping[str, str], name: str) -> str | None:
    """What NAME says, or the first line of the file that NAME_FILE names."""
    file = values.get(f"{name}_FILE")
    if values.get(name) or not file:
        return values.get(name) or None
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").partition("\n")[0].strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE names a file that cannot be read: {file} ({type(error).__name__})") from error


def _keys(values: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of WENYUE_KEY, a comma between two, or those in the file of WENYUE_KEY_FILE, one a line."""
    text, file = values.get("WENYUE_KEY", ""), values.get("WENYUE_KEY_FILE")
    if not text and file:
        try:
            text = ",".join(Path(file).expanduser().read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"WENYUE_KEY_FILE names a file that cannot be read: {file} ({type(error).__name__})") from error
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    if not all(is_key(key) for key in keys) or (file and not keys):
        raise SettingsError("WENYUE_KEY 或 WENYUE_KEY_FILE 里的不是钥匙；请用 wenyue key 做一把，几把之间用逗号（文件里用换行）隔开")
    return keys


def _networks(values: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses and networks, `127.0.0.1,172.16.0.0/12`."""
    written = tuple(part.strip() for part in values.get(name, "").split(",") if part.strip())
    for part in written:
        try:
            ipaddress.ip_network(part)
        except ValueError as error:
            raise SettingsError(f"{name} must be addresses or networks such as 127.0.0.1,172.16.0.0/12, not {part!r}") from error
    return written or default


def _data_folder(environment: Mapping[str, str]) -> Path:
    """The user's data folder, as the platform has it."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "WenYue"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/WenYue"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "wenyue"
