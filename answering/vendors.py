"""Where a chat model is and with which key, by its name `provider:model`; the vendors' addresses are in vendors.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from answering.errors import ModelError

_FILE = Path(__file__).with_name("vendors.toml")
_NO_KEY = "none"  # for servers that want none; the client insists on something


@dataclass(frozen=True, slots=True)
class Vendor:
    """A service that speaks OpenAI's API: its address, the variables that change it, the variable with the key, its documentation."""

    base_url: str
    docs: str
    key: str = ""
    address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A model and where it is. Without `base_url` and `vendor` it is left to LangChain's package for the provider."""

    name: str
    provider: str
    model: str
    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    vendor: Vendor | None = None

    @property
    def local(self) -> bool:
        """Whether it is one of the servers that people run themselves."""
        return self.vendor is not None and not self.vendor.key


@cache
def vendors() -> Mapping[str, Vendor]:
    """The vendors of vendors.toml by provider."""
    with _FILE.open("rb") as file:
        rows = tomllib.load(file)
    return {
        provider: Vendor(row["base_url"], row["docs"], row.get("key", ""), tuple(row.get("address", ()))) for provider, row in rows.items()
    }


def services(names: str, environment: Mapping[str, str], base_url: str | None = None) -> list[Service]:
    """The services of a list `provider:model, provider:model`, first to last.

    Keys and addresses come from the vendors' own variables in `environment`. `base_url` is where the first model is, and the others of its
    provider: a key is never shown to another's server. Raises ModelError for a name without a provider and for a key that is missing.
    """
    wanted = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    first = wanted[0].partition(":")[0] if wanted else ""
    return [_service(name, environment, base_url if name.partition(":")[0] == first else None) for name in wanted]


def _service(name: str, environment: Mapping[str, str], base_url: str | None) -> Service:
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise ModelError(f"WENYUE_MODEL={name!r} 不完整；请写成 provider:model，例如 deepseek:deepseek-chat 或 openai:{model or provider}")
    vendor = vendors().get(provider)
    if vendor is None:
        return Service(name, provider, model, base_url)
    given = base_url or next((environment[variable] for variable in vendor.address if environment.get(variable)), None)
    key = environment.get(vendor.key, "").strip() if vendor.key else ""
    if vendor.key and not key and not given:
        raise ModelError(f"WENYUE_MODEL={name!r} 需要密钥；请设置 {vendor.key}（见 {vendor.docs}）")
    return Service(name, provider, model, given or vendor.base_url, key or _NO_KEY, vendor)
