"""docker-compose.yml as Docker Compose itself reads it, and the image as the Dockerfile says it is made.

No image is built here: what of it can be wrong without a Docker daemon is looked at.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bot.privacy.keys import is_key, keys_of
from bot.settings import PROJECT, Settings, load_settings
from retrieval.index import Index

_PROFILES = ("wecom", "telegram", "backup", "models")
_OURS = ("page", "wecom", "telegram", "backup", "chroma")
_ALL = (*_OURS, "postgres", "ollama", "pull")
_OPEN_ENDED = re.compile(r":(latest|stable|main|edge|\d+)?$")


def _compose() -> list[str]:
    """The command of Docker Compose, as a plugin or by itself."""
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.fail("Docker Compose is not installed; on Debian: apt-get install docker-compose")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has run deploy/prepare.sh."""
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(PROJECT / "docker-compose.yml", folder)
    (folder / "deploy").mkdir()
    for name in ("prepare.sh", "wenyue.env.example"):
        shutil.copy(PROJECT / "deploy" / name, folder / "deploy")
    subprocess.run([folder / "deploy" / "prepare.sh"], check=True)
    return folder


def _rendered(folder: Path, *profiles: str, **settings: str) -> dict[str, Any]:
    """What Compose makes of the file. An error or a warning of its own fails."""
    asked = [argument for profile in profiles for argument in ("--profile", profile)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    run = subprocess.run([*_compose(), *asked, "config"], cwd=folder, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    rendered: dict[str, Any] = yaml.safe_load(run.stdout)
    return rendered


@pytest.fixture(scope="session")
def rendered(prepared: Path) -> dict[str, Any]:
    """The file with all its profiles."""
    return _rendered(prepared, *_PROFILES)


@pytest.fixture
def service(rendered: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = rendered["services"][request.param]
    return found


def _each(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return pytest.mark.parametrize("service", names, indirect=True)


def _secrets(service: dict[str, Any]) -> set[str]:
    return {str(each["source"]) for each in service.get("secrets", ())}


def test_these_are_the_services(rendered: dict[str, Any], prepared: Path) -> None:
    assert rendered["services"].keys() == set(_ALL)
    enabled = {name for name, each in _rendered(prepared)["services"].items() if not each.get("profiles")}
    assert enabled == {"page", "postgres", "chroma"}


@_each(_ALL)
def test_a_service_can_do_no_more_than_it_must(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    assert not service.get("privileged")
    limits = service["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert limits["memory"]
    assert service["pids_limit"] > 0
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert any(str(mount).startswith("/tmp") for mount in service["tmpfs"])


@_each(tuple(name for name in _ALL if name != "pull"))
def test_a_service_is_not_root(service: dict[str, Any]) -> None:
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


@_each(_ALL)
def test_an_image_is_one_that_stays_what_it_is(service: dict[str, Any]) -> None:
    name, colon, tag = service["image"].rpartition(":")
    assert name
    assert colon
    assert re.match(r"\d+\.\d+", tag)
    assert not _OPEN_ENDED.search(service["image"])


def test_only_the_page_can_be_reached_from_outside_and_only_from_this_machine(rendered: dict[str, Any]) -> None:
    published = {name: each["ports"] for name, each in rendered["services"].items() if each.get("ports")}
    assert published.keys() == {"page"}
    assert all("127.0.0.1" in str(port) and "8080" in str(port) for port in published["page"])


def test_as_many_ports_are_published_as_the_page_has_replicas(rendered: dict[str, Any], prepared: Path) -> None:
    (port,) = rendered["services"]["page"]["ports"]
    first, last = map(int, re.findall(r"\d{4}", str(port["published"]) if isinstance(port, dict) else str(port))[:2])
    assert last - first + 1 == rendered["services"]["page"]["deploy"]["replicas"] == 2
    other = _rendered(prepared, WENYUE_ADDRESS="10.1.2.3", WENYUE_PORTS="9000-9003")["services"]["page"]["ports"]
    assert "10.1.2.3" in str(other)
    assert "9000-9003" in str(other)


def test_the_databases_and_the_models_are_on_the_inside_alone(rendered: dict[str, Any]) -> None:
    networks = {name: set(each["networks"]) for name, each in rendered["services"].items()}
    for name in ("postgres", "chroma", "ollama", "backup"):
        assert networks[name] == {"inside"}
    for name in ("page", "wecom", "telegram"):
        assert networks[name] == {"inside", "outside"}
    assert networks["pull"] == {"outside"}
    assert rendered["networks"]["inside"]["internal"] is True
    assert not (rendered["networks"]["outside"] or {}).get("internal")


def test_the_long_connections_are_as_many_as_their_platform_allows(rendered: dict[str, Any]) -> None:
    replicas = {name: each.get("deploy", {}).get("replicas", 1) for name, each in rendered["services"].items()}
    assert (replicas["telegram"], replicas["wecom"]) == (1, 2)
    assert rendered["services"]["telegram"]["command"] == ["wenyue", "telegram"]


@_each(_ALL)
def test_no_secret_stands_in_the_environment(service: dict[str, Any], prepared: Path) -> None:
    environment = service.get("environment") or {}
    drawn = [text for file in (prepared / "deploy/secrets").iterdir() if (text := file.read_text(encoding="utf-8").strip())]
    assert len(drawn) >= 4
    for name, value in environment.items():
        assert not any(secret in str(value) for secret in drawn)
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY", name) and not name.endswith("KEEP_ALIVE"):
            assert name.endswith("_FILE")
            assert value.startswith("/run/secrets/")


@_each(_ALL)
def test_a_service_is_given_the_secrets_it_reads_and_no_others(service: dict[str, Any]) -> None:
    read = {
        str(value).removeprefix("/run/secrets/") for value in (service.get("environment") or {}).values() if "/run/secrets/" in str(value)
    }
    assert _secrets(service) == read


def test_the_model_server_and_chroma_know_no_secret(rendered: dict[str, Any]) -> None:
    for name in ("chroma", "ollama", "pull"):
        assert not _secrets(rendered["services"][name])


def test_every_secret_has_a_file_that_the_containers_can_read_and_others_cannot_reach(rendered: dict[str, Any], prepared: Path) -> None:
    folder = prepared / "deploy/secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for secret in rendered["secrets"].values():
        file = Path(secret["file"])
        assert file.parent == folder
        assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_what_was_prepared_stays_when_it_is_prepared_again(prepared: Path) -> None:
    files = {file: file.read_bytes() for file in (prepared / "deploy").rglob("*") if file.is_file()}
    subprocess.run([prepared / "deploy" / "prepare.sh"], check=True)
    assert {file: file.read_bytes() for file in (prepared / "deploy").rglob("*") if file.is_file()} == files


@_each(("page", "postgres", "chroma", "ollama"))
def test_what_serves_others_is_looked_after(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


def test_nothing_begins_before_the_database_is_ready_and_nothing_waits_for_chroma(rendered: dict[str, Any]) -> None:
    for name in ("page", "wecom", "telegram"):
        waits = rendered["services"][name]["depends_on"]
        assert waits["postgres"]["condition"] == "service_healthy"
        assert waits["chroma"]["condition"] == "service_started"
    assert rendered["services"]["ollama"]["depends_on"]["pull"]["condition"] == "service_completed_successfully"


def test_wenyue_knows_every_setting_that_it_is_told(rendered: dict[str, Any]) -> None:
    read = (PROJECT / "bot" / "settings.py").read_text(encoding="utf-8")
    told = {name for each in rendered["services"].values() for name in each.get("environment") or {} if name.startswith("WENYUE_")}
    assert len(told) > 10
    assert [name for name in sorted(told) if f'"{name.removesuffix("_FILE")}"' not in read] == []


def _settings(service: dict[str, Any], secrets: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, str(value).replace("/run/secrets", str(secrets)))
    return load_settings(dotenv=secrets / "nothing")


def test_wenyue_understands_what_it_is_told_before_anybody_fills_anything_in(
    rendered: dict[str, Any], prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = prepared / "deploy/secrets"
    settings = _settings(rendered["services"]["page"], secrets, monkeypatch)
    password = (secrets / "postgres_password").read_text(encoding="utf-8")
    assert settings.database == f"postgresql+psycopg://wenyue:{password}@postgres:5432/wenyue"
    assert keys_of(settings.database) == ((secrets / "wenyue_key").read_text(encoding="utf-8").strip(),)
    assert is_key(keys_of(settings.database)[0])
    assert settings.chroma == "http://chroma:8000"
    assert len(settings.serve_token or "") >= 16
    assert (settings.telegram_token, settings.wecom_token, settings.embeddings_api_key) == (None, None, None)
    assert "DEEPSEEK_API_KEY" not in os.environ
    assert password not in repr(settings)


def test_what_stands_in_the_files_arrives(
    rendered: dict[str, Any], prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    shutil.copytree(prepared / "deploy/secrets", secrets)
    for file in secrets.iterdir():
        if not file.stat().st_size:
            file.chmod(0o600)
            file.write_text(f"value-of-{file.name}\n", encoding="utf-8")
    vendors = [name for name in rendered["services"]["page"]["environment"] if name.endswith("_API_KEY_FILE") and name[:6] != "WENYUE"]
    assert len(vendors) == 6
    for name in vendors:
        monkeypatch.delenv(name.removesuffix("_FILE"), raising=False)
    page = _settings(rendered["services"]["page"], secrets, monkeypatch)
    assert page.telegram_token == "value-of-telegram_token"
    assert page.wecom_token == "value-of-wecom_token"
    assert page.wecom_aes_key == "value-of-wecom_aes_key"
    assert page.admin_token == "value-of-admin_token"
    assert page.embeddings_api_key == "value-of-embeddings_api_key"
    for name in (vendor.removesuffix("_FILE") for vendor in vendors):
        assert os.environ[name] == f"value-of-{name.lower()}"
        monkeypatch.delenv(name)
    wecom = _settings(rendered["services"]["wecom"], secrets, monkeypatch)
    assert wecom.wecom_secret == "value-of-wecom_secret"
    for name in (vendor.removesuffix("_FILE") for vendor in vendors):
        monkeypatch.delenv(name, raising=False)


# The image


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (PROJECT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(instruction, rest.strip()) for instruction, _, rest in (line.partition(" ") for line in lines)]


def _last_stage() -> list[tuple[str, str]]:
    instructions = _instructions()
    return instructions[max(at for at, (name, _) in enumerate(instructions) if name == "FROM") :]


def _is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build: the last pattern that fits it, or a folder above it, decides."""
    ignored = False
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        above = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 2)]
        fits = any(
            fnmatch.fnmatchcase(each.rpartition("/")[2] if pattern.startswith("**/") else each, pattern.removeprefix("**/"))
            for each in above
            if pattern.startswith("**/") or each.count("/") == pattern.count("/")
        )
        if fits:
            ignored = not line.startswith("!")
    return ignored


def _copied() -> list[str]:
    sources = [shlex.split(rest)[:-1] for name, rest in _instructions() if name == "COPY" and not rest.startswith("--from")]
    return [source for each in sources for source in each]


def test_what_is_copied_into_the_image_is_there_and_not_ignored() -> None:
    assert len(_copied()) > 6
    for source in _copied():
        assert (PROJECT / source).exists(), source
        assert not _is_ignored(source), source


@pytest.mark.parametrize(
    "path", [".git/config", ".env", "deploy/secrets/wenyue_key", "tests/conftest.py", "bot/__pycache__/x.pyc", "bot/.env"]
)
def test_what_has_no_place_in_the_image_is_ignored(path: str) -> None:
    assert _is_ignored(path)


def test_dependencies_are_those_of_the_lock_by_their_hashes() -> None:
    installs = [rest for name, rest in _instructions() if name == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--requirement requirements.lock" in installs[0]
    assert "--no-index" in installs[1]
    assert "--no-deps" in installs[1]
    assert not any("--requirement" not in each and "--no-deps" not in each for each in installs)


def test_the_image_is_made_in_stages_of_one_base_pinned_exactly() -> None:
    bases = [rest.split()[0] for name, rest in _instructions() if name == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


def test_the_image_runs_as_somebody_else_than_root_and_tells_how_it_is() -> None:
    last = dict(_last_stage())
    assert int(last["USER"].partition(":")[0]) > 0
    assert "/readyz" in last["HEALTHCHECK"]
    assert last["CMD"].startswith('["wenyue", "serve"')
    assert [name for name, _ in _last_stage()].index("USER") > [name for name, _ in _last_stage()].index("COPY")


def test_the_user_of_the_image_is_the_one_of_the_services_and_their_volumes_are_its_own(rendered: dict[str, Any]) -> None:
    user = dict(_last_stage())["USER"]
    (made,) = (rest for name, rest in _last_stage() if name == "RUN")
    for name in _OURS:
        service = rendered["services"][name]
        assert service["user"] == user
        assert service["image"] == rendered["services"]["page"]["image"]
        for volume in service["volumes"]:
            target = volume["target"] if isinstance(volume, dict) else volume.split(":")[1]
            assert target in made or target == "/app/agreements"
    assert f"--uid {user.partition(':')[0]} " in made


def test_the_image_has_all_that_wenyue_needs_and_nothing_is_written_beside_it(
    shipped_index: Index, built_home: Path, tmp_path: Path
) -> None:
    shutil.copytree(built_home / "index" / shipped_index.version, tmp_path / "home" / "index" / shipped_index.version)
    app = tmp_path / "app"

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if _is_ignored(str((Path(folder) / name).relative_to(PROJECT)))]

    for source in _copied():
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, app / source, ignore=left_out)
        else:
            app.mkdir(exist_ok=True)
            shutil.copy(PROJECT / source, app / source)
    before = sorted(app.rglob("*"))
    variables = dict(part.partition("=")[::2] for part in shlex.split(dict(_last_stage())["ENV"]))
    environment = variables | {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WENYUE_HOME": str(tmp_path / "home")}
    # as it stands here it is installed, too: the modules of the copy, and no others
    program = (
        "import sys; app, here = sys.argv.pop(1), sys.argv.pop(1)\n"
        "sys.meta_path[:] = [each for each in sys.meta_path if 'editable' not in repr(each).lower()]\n"
        "sys.path[:] = [app] + [each for each in sys.path if each not in ('', here)]\n"
        "from bot.cli import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, app, PROJECT, "search", "退款", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["hits"]
    assert sorted(app.rglob("*")) == before
