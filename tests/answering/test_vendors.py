from __future__ import annotations

import os

import pytest

from answering.chain import load_chain
from answering.errors import ModelError
from answering.vendors import services, vendors
from tests.chat_server import ChatServer, says

_KEYS = {
    "OPENAI_API_KEY": "k-openai", "DEEPSEEK_API_KEY": "k-deepseek", "DASHSCOPE_API_KEY": "k-qwen", "HUNYUAN_API_KEY": "k-hunyuan",
    "ZHIPUAI_API_KEY": "k-glm", "MOONSHOT_API_KEY": "k-kimi",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "host", "key"),
    [
        ("openai:gpt-4.1-mini", "https://api.openai.com/", "k-openai"),
        ("deepseek:deepseek-chat", "https://api.deepseek.com/", "k-deepseek"),
        ("qwen:qwen-plus", "https://dashscope.aliyuncs.com/", "k-qwen"),
        ("hunyuan:hunyuan-turbos-latest", "https://api.hunyuan.cloud.tencent.com/", "k-hunyuan"),
        ("glm:glm-4.5", "https://open.bigmodel.cn/", "k-glm"),
        ("kimi:kimi-k2-0905-preview", "https://api.moonshot.cn/", "k-kimi"),
        ("ollama:qwen3:8b", "http://localhost:11434/", "none"),
        ("vllm:Qwen/Qwen3-32B", "http://localhost:8000/", "none"),
    ],
)
def test_a_vendor_is_found_by_its_name_with_its_own_key(name: str, host: str, key: str) -> None:
    (service,) = services(name, _KEYS)
    assert (service.base_url or "").startswith(host)
    assert (service.provider, service.model) == tuple(name.split(":", 1))
    assert service.key == key
    assert key == "none" or key not in repr(service)


def test_every_vendor_says_where_it_is_and_where_that_is_written() -> None:
    for vendor in vendors().values():
        assert vendor.base_url.startswith(("https://", "http://localhost:"))
        assert vendor.docs.startswith("https://")
        assert vendor.base_url.startswith("https://") is bool(vendor.key)


def test_a_list_is_a_chain_in_its_order_each_model_once() -> None:
    found = services(" deepseek:deepseek-chat, qwen:qwen-plus ,, deepseek:deepseek-chat,", _KEYS)
    assert [service.name for service in found] == ["deepseek:deepseek-chat", "qwen:qwen-plus"]


@pytest.mark.parametrize(("provider", "variable"), [(name, vendor.key) for name, vendor in vendors().items() if vendor.key])
@pytest.mark.parametrize("value", ["", "  "])
def test_a_missing_key_is_told_by_the_name_of_its_variable(provider: str, variable: str, value: str) -> None:
    with pytest.raises(ModelError) as missing:
        services(f"ollama:qwen3,{provider}:some-model", {variable: value})
    assert f"请设置 {variable}" in str(missing.value)
    assert f"{provider}:some-model" in str(missing.value)
    assert vendors()[provider].docs in str(missing.value)


@pytest.mark.parametrize("name", ["gpt-4o", ":gpt-4o", "openai:", "ollama:a,gpt-4o"])
def test_a_name_without_a_provider_or_a_model_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="provider:model"):
        services(name, _KEYS)


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_the_vendor_s_own_variable_changes_its_address_and_then_no_key_is_needed(variable: str) -> None:
    (service,) = services("openai:any", {variable: "http://gateway/v1"})
    assert (service.base_url, service.key) == ("http://gateway/v1", "none")
    (other,) = services("deepseek:deepseek-chat", {variable: "http://gateway/v1"} | _KEYS)
    assert other.base_url == vendors()["deepseek"].base_url


def test_our_own_address_is_for_the_first_model_s_provider_alone() -> None:
    found = services("vllm:a,deepseek:deepseek-chat,vllm:b", _KEYS | {"OPENAI_BASE_URL": "http://gateway/v1"}, "http://gpu/v1")
    assert [(service.base_url, service.key) for service in found] == [
        ("http://gpu/v1", "none"), ("https://api.deepseek.com/v1", "k-deepseek"), ("http://gpu/v1", "none"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "says_what"), [("wonder:x", "wonder 不是认识的服务；常用的有 openai、deepseek、qwen"), ("groq:x", "langchain-groq")]
)
def test_a_provider_that_is_unknown_or_not_installed_is_told_in_one_sentence(name: str, says_what: str) -> None:
    with pytest.raises(ModelError) as unknown:
        load_chain(name, 5, {})
    assert says_what in str(unknown.value)
    assert "\n" not in str(unknown.value)


@pytest.mark.parametrize("provider", list(vendors()))
def test_every_vendor_is_asked_in_the_same_way_at_its_address_with_its_key(provider: str, chat_server: ChatServer) -> None:
    chat_server.acts["some-model"] = [says("好")]
    chain = load_chain(f"{provider}:some-model", 20, _KEYS, base_url=chat_server.url)
    assert chain.complete("系统", "问题").model == f"{provider}:some-model"
    (request,) = chat_server.requests
    assert request.key == _KEYS.get(vendors()[provider].key, "none")
    assert request.body["stream_options"] == {"include_usage": True}
    assert os.environ["OPENAI_API_KEY"] not in str(request.headers)
