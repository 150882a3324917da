from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.settings import PROJECT, SettingsError, load_settings


def _dotenv(folder: Path, text: str) -> Path:
    path = folder / "settings.env"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set_means_the_defaults(tmp_path: Path) -> None:
    settings = load_settings({"XDG_DATA_HOME": str(tmp_path / "data")}, tmp_path / "none")
    assert settings.agreements == PROJECT / "agreements"
    assert settings.database == f"sqlite:///{settings.home / 'library.db'}"
    assert (settings.model, settings.model_timeout, settings.evidence_tokens) == (None, 60.0, 6000)
    assert (settings.embeddings, settings.embeddings_base_url, settings.embeddings_api_key) == (None, None, None)
    assert settings.embeddings_timeout == 10.0


def test_the_data_folder_is_the_user_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings({}, tmp_path / "none").home == tmp_path / ".local/share/wenyue"
    assert load_settings({"XDG_DATA_HOME": "/data"}, tmp_path / "none").home == Path("/data/wenyue")


def test_the_environment_is_read(tmp_path: Path) -> None:
    environment = {
        "WENYUE_HOME": "/srv/wenyue",
        "WENYUE_AGREEMENTS": "/srv/agreements",
        "WENYUE_DATABASE": "postgresql+psycopg://db/wenyue",
        "WENYUE_MODEL": "openai:deepseek-chat",
        "WENYUE_MODEL_TIMEOUT": "7.5",
        "WENYUE_EVIDENCE_TOKENS": "3000",
        "WENYUE_RERANKER": "model",
        "WENYUE_EMBEDDINGS": "openai:bge-m3",
        "WENYUE_EMBEDDINGS_BASE_URL": "http://localhost:11434/v1",
        "WENYUE_EMBEDDINGS_API_KEY": "sk-very-secret",
        "WENYUE_EMBEDDINGS_TIMEOUT": "90",
    }
    settings = load_settings(environment, tmp_path / "none")
    assert (settings.home, settings.agreements) == (Path("/srv/wenyue"), Path("/srv/agreements"))
    assert settings.database == "postgresql+psycopg://db/wenyue"
    assert (settings.model, settings.model_timeout, settings.evidence_tokens) == ("openai:deepseek-chat", 7.5, 3000)
    assert settings.reranker == "model"
    assert (settings.embeddings, settings.embeddings_base_url) == ("openai:bge-m3", "http://localhost:11434/v1")
    assert (settings.embeddings_api_key, settings.embeddings_timeout) == ("sk-very-secret", 90.0)
    assert "sk-very-secret" not in repr(settings)


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    dotenv = _dotenv(tmp_path, "WENYUE_MODEL=openai:a\nWENYUE_MODEL_TIMEOUT=5\n")
    settings = load_settings({"WENYUE_MODEL": "openai:b"}, dotenv)
    assert (settings.model, settings.model_timeout, settings.evidence_tokens) == ("openai:b", 5.0, 6000)


def test_an_empty_value_is_none(tmp_path: Path) -> None:
    dotenv = _dotenv(tmp_path, "WENYUE_MODEL=openai:a\nWENYUE_MODEL_TIMEOUT=\n")
    settings = load_settings({"WENYUE_MODEL": "", "WENYUE_HOME": ""}, dotenv)
    assert (settings.model, settings.model_timeout) == ("openai:a", 60.0)


def test_what_a_file_may_look_like(tmp_path: Path) -> None:
    dotenv = _dotenv(
        tmp_path,
        "# a comment\n\n  export WENYUE_MODEL = \"openai:a=b\"  \nWENYUE_HOME='~/wenyue'\nWENYUE_EVIDENCE_TOKENS=1000\r\n",
    )
    settings = load_settings({}, dotenv)
    assert (settings.model, settings.evidence_tokens) == ("openai:a=b", 1000)
    assert settings.home == Path.home() / "wenyue"


@pytest.mark.parametrize("value", ["abc", "0", "-1", "inf", "nan", "1e400", "60s", "６0秒"])
@pytest.mark.parametrize("name", ["WENYUE_MODEL_TIMEOUT", "WENYUE_EVIDENCE_TOKENS", "WENYUE_EMBEDDINGS_TIMEOUT"])
def test_a_number_that_cannot_be_used_is_refused_by_name(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value}, tmp_path / "none")


def test_an_address_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"WENYUE_EMBEDDINGS_BASE_URL.*'localhost:11434'"):
        load_settings({"WENYUE_EMBEDDINGS_BASE_URL": "localhost:11434"}, tmp_path / "none")


def test_a_broken_line_is_refused_by_its_number_and_its_content_is_not_repeated(tmp_path: Path) -> None:
    dotenv = _dotenv(tmp_path, "WENYUE_MODEL=openai:a\nOPENAI_API_KEY sk-very-secret\n")
    with pytest.raises(SettingsError, match="line 2") as refused:
        load_settings({}, dotenv)
    assert "sk-very-secret" not in str(refused.value)


def test_vendors_names_in_the_file_reach_the_environment_without_overriding_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"OPENAI_BASE_URL": "http://mine"})
    load_settings(dotenv=_dotenv(tmp_path, "OPENAI_API_KEY=k\nOPENAI_BASE_URL=http://other\nWENYUE_MODEL=openai:a\n"))
    assert os.environ == {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://mine"}


def test_settings_given_outright_leave_the_environment_alone(tmp_path: Path) -> None:
    before = dict(os.environ)
    load_settings({}, _dotenv(tmp_path, "OPENAI_API_KEY=k\n"))
    assert dict(os.environ) == before


def test_the_example_file_is_a_file_that_can_be_read() -> None:
    example = PROJECT / ".env.example"
    assert load_settings({}, example).model is None
    names = {line.lstrip("# ").partition("=")[0] for line in example.read_text(encoding="utf-8").splitlines() if "=" in line}
    assert {"WENYUE_MODEL", "WENYUE_HOME", "OPENAI_API_KEY", "OPENAI_BASE_URL"} <= names
    assert {"WENYUE_EMBEDDINGS", *(f"WENYUE_EMBEDDINGS_{part}" for part in ("BASE_URL", "API_KEY", "TIMEOUT"))} <= names


def test_the_password_of_the_database_may_be_given_apart(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("p@ss/w:rd\n", encoding="utf-8")
    told = {"WENYUE_DATABASE": "postgresql+psycopg://wenyue@postgres:5432/wenyue", "WENYUE_DATABASE_PASSWORD_FILE": str(file)}
    settings = load_settings(told)
    assert settings.database == "postgresql+psycopg://wenyue:p%40ss%2Fw%3Ard@postgres:5432/wenyue"
    assert make_url(settings.database).password == "p@ss/w:rd"
    assert "p%40ss" not in repr(settings)


@pytest.mark.parametrize("url", ["postgresql+psycopg://postgres/wenyue", "postgresql+psycopg://a:b@postgres/wenyue", "nothing"])
def test_a_password_for_a_database_that_has_no_place_for_it_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="WENYUE_DATABASE_PASSWORD"):
        load_settings({"WENYUE_DATABASE": url, "WENYUE_DATABASE_PASSWORD": "secret"})


def test_a_vendors_key_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("sk-of-a-file\n", encoding="utf-8")
    monkeypatch.setenv("DEEPSEEK_API_KEY", "")
    monkeypatch.setenv("DEEPSEEK_API_KEY_FILE", str(file))
    load_settings(dotenv=tmp_path / "nothing")
    assert os.environ["DEEPSEEK_API_KEY"] == "sk-of-a-file"
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-given")
    load_settings(dotenv=tmp_path / "nothing")
    assert os.environ["DEEPSEEK_API_KEY"] == "sk-given"
