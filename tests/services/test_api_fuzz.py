"""The API holds to its own OpenAPI document, whatever it is asked: schemathesis asks a real server over loopback.

Per endpoint 25 requests as documented and 15 as they should not be; each from another address, as a proxy tells it, so that no limit ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.web_server import Server
from tests.web_server import make_server as make_server

_TOKEN = "a-token-of-forty-characters-and-some-more"
_AS_DOCUMENTED, _WRONG = 25, 15
_HOLDS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
_ADDRESSES = count(1)
_records: list[str] = []  # of answers that were given
_KNOWN = {
    "key": st.sampled_from(["qidian", "wework", "lexiang", "archive", "weka", "nothing", "..", "条款"]),
    "clause_id": st.sampled_from(["4.7", "2.2.3~2", "2.2.3#2", "第四条", "附件/5.4.2", "8.1.2.1（6）", "/", "..%2f", "9.9.9"]),
    "old": st.integers(-1, 3),
    "new": st.integers(-1, 3),
    "k": st.integers(-1, 101),
    "q": st.text(max_size=60) | st.sampled_from(["几天内可以退款？", "4.7", "%", "\x00", "𠮷" * 300]),
}


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server(WENYUE_SERVE_TOKEN=_TOKEN, WENYUE_PROXY_HEADER="x-forwarded-for")
    server.start()
    return server


def _headers(**more: str) -> dict[str, str]:
    at = next(_ADDRESSES)
    return {"Authorization": f"Bearer {_TOKEN}", "X-Forwarded-For": f"10.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}", **more}


def operations(url: str) -> Iterator[APIOperation]:  # type: ignore[type-arg]
    """The operations that the server documents."""
    document = httpx.get(f"{url}/api/openapi.json", headers=_headers()).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        yield result.ok()


def probe(operation: APIOperation, mode: GenerationMode, examples: int) -> Counter[int]:  # type: ignore[type-arg]
    """Send so many requests of a kind; how often which status came. Fails where an answer is not as documented."""
    statuses: Counter[int] = Counter()
    quick = settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))

    @quick
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if mode is GenerationMode.POSITIVE:  # what nobody guesses: keys and ids that are there
            for given_ in (case.path_parameters, case.query):
                for name in [name for name in given_ or {} if name in _KNOWN]:
                    if data.draw(st.integers(0, 3)):
                        given_[name] = data.draw(_KNOWN[name])
            if _records and isinstance(case.body, dict) and "record" in case.body:
                case.body["record"] = data.draw(st.sampled_from(_records))
        response = case.call(headers=_headers(), timeout=30)
        statuses[response.status_code] += 1
        if response.status_code == 200 and "/json" in response.headers["content-type"][0]:
            _records.extend(str(response.json()[name]) for name in ("record",) if name in response.json())
        case.validate_response(response, checks=_HOLDS)

    ask()
    return statuses


def test_every_documented_endpoint_answers_as_documented(server: Server) -> None:
    seen: dict[str, Counter[int]] = {}
    for operation in operations(server.url):
        asked = seen.setdefault(operation.label, Counter())
        asked += probe(operation, GenerationMode.POSITIVE, _AS_DOCUMENTED)
        if next(operation.iter_parameters(), None) is not None or operation.body:
            asked += probe(operation, GenerationMode.NEGATIVE, _WRONG)
    assert len(seen) >= 10
    assert {200, 204, 404, 422} <= {status for asked in seen.values() for status in asked}
    assert not [label for label, asked in seen.items() if asked[429]]
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert "Traceback" not in server.log


def test_without_the_token_every_endpoint_refuses(server: Server) -> None:
    for operation in operations(server.url):
        path = operation.path.replace("{key}", "qidian").replace("{clause_id}", "4.7")
        for authorization in ("", "Bearer", "Bearer x", f"Basic {_TOKEN}"):
            response = httpx.request(operation.method, server.url + path, headers=_headers(Authorization=authorization))
            assert response.status_code == 401, operation.label
            assert response.headers["www-authenticate"] == "Bearer"
