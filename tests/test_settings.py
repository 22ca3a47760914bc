from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.settings import BadSettings, Settings, database_from_env
from bot.variables import SETTINGS

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(65_537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def env(pem: str, tmp_path: Path) -> dict[str, str]:
    return {
        "SWITCHYARD_DATABASE": str(tmp_path / "test.db"),
        "GITHUB_APP_ID": "12345",
        "GITHUB_APP_PRIVATE_KEY": pem,
        "GITHUB_WEBHOOK_SECRET": "a webhook secret",
    }


def test_defaults(env: dict[str, str], pem: str) -> None:
    settings = Settings.from_env(env)
    assert (settings.app_id, settings.private_key, settings.webhook_secret) == (12345, pem, "a webhook secret")
    assert (settings.api_url, settings.server_url) == ("https://api.github.com", "https://github.com")
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", 8080, "INFO")
    assert (settings.public_url, settings.plan_ref, settings.apply_branches) == ("", "head", ())
    assert (settings.max_in_flight, settings.dispatches_per_second, settings.settle_seconds) == (20, 3.0, 2.0)
    assert (settings.sweep_seconds, settings.doubt_seconds) == (60.0, 60.0)


def test_a_setting_left_empty_has_its_default(env: dict[str, str]) -> None:
    optional = {setting.name: " " for setting in SETTINGS if not setting.required and setting.name not in env}
    assert Settings.from_env(env | optional) == Settings.from_env(env)


@pytest.mark.parametrize("form", ["escaped", "base64", "path"])
def test_the_private_key_in_every_form(env: dict[str, str], pem: str, tmp_path: Path, form: str) -> None:
    (tmp_path / "app.pem").write_text(pem)
    forms = {
        "escaped": pem.replace("\n", "\\n"),
        "base64": base64.b64encode(pem.encode()).decode(),
        "path": str(tmp_path / "app.pem"),
    }
    assert Settings.from_env(env | {"GITHUB_APP_PRIVATE_KEY": forms[form]}).private_key == pem


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("GITHUB_API_URL", "https://git.example.com/api/v3/", "api_url", "https://git.example.com/api/v3"),
        ("GITHUB_API_URL", "https://git.example.com/api/v3/", "server_url", "https://git.example.com"),
        ("GITHUB_API_URL", "http://127.0.0.1:4567", "server_url", "http://127.0.0.1:4567"),
        ("GITHUB_API_URL", "https://api.octo.ghe.com", "server_url", "https://octo.ghe.com"),
        ("PUBLIC_URL", "https://yard.example.com/", "public_url", "https://yard.example.com"),
        ("HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("HOST", "localhost", "host", "localhost"),
        ("HOST", "[::1]", "host", "[::1]"),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("PORT", "0", "port", 0),
        ("SWITCHYARD_SETTLE_SECONDS", "0", "settle_seconds", 0.0),
        ("SWITCHYARD_DISPATCHES_PER_SECOND", "0.5", "dispatches_per_second", 0.5),
        ("SWITCHYARD_PLAN_REF", "Base", "plan_ref", "base"),
        ("SWITCHYARD_SELF_APPROVE", "False", "self_approve", False),
        ("SWITCHYARD_SELF_APPROVE", "", "self_approve", True),
        ("SWITCHYARD_APPLY_BRANCHES", " release/*, ,stable", "apply_branches", ("release/*", "stable")),
    ],
)
def test_good_values(env: dict[str, str], name: str, value: str, attribute: str, expected: object) -> None:
    assert getattr(Settings.from_env(env | {name: value}), attribute) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_APP_ID", ""),
        ("GITHUB_APP_ID", "my-app"),
        ("GITHUB_APP_ID", "0"),
        ("GITHUB_APP_PRIVATE_KEY", ""),
        ("GITHUB_APP_PRIVATE_KEY", "swordfish"),
        ("GITHUB_WEBHOOK_SECRET", ""),
        ("GITHUB_WEBHOOK_SECRET", "  "),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_API_URL", "https://user:swordfish@example.com"),
        ("GITHUB_API_URL", "https://example.com:x"),
        ("PUBLIC_URL", "ftp://example.com"),
        ("PUBLIC_URL", "https://example.com/?a=b"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "80 81"),
        ("PORT", "٣"),
        ("HOST", "yard..example"),
        ("HOST", "x" * 64),
        ("LOG_LEVEL", "LOUD"),
        ("SWITCHYARD_MAX_IN_FLIGHT", "0"),
        ("SWITCHYARD_MAX_IN_FLIGHT", "2.5"),
        ("SWITCHYARD_DISPATCHES_PER_SECOND", "0"),
        ("SWITCHYARD_DISPATCHES_PER_SECOND", "nan"),
        ("SWITCHYARD_SETTLE_SECONDS", "-1"),
        ("SWITCHYARD_SWEEP_SECONDS", "inf"),
        ("SWITCHYARD_DOUBT_SECONDS", "a minute"),
        ("SWITCHYARD_PLAN_REF", "main"),
        ("SWITCHYARD_SELF_APPROVE", "no"),
        ("SWITCHYARD_APPLY_BRANCHES", "refs/heads/main"),
        ("SWITCHYARD_APPLY_BRANCHES", "main stable"),
        ("SWITCHYARD_DATABASE", "/no/such/folder/x.db"),
        ("SWITCHYARD_DATABASE", "/"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(env: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(env | {name: value})
    (line,) = caught.value.problems
    assert line.startswith(f"{name} ")
    assert "\n" not in line
    assert "swordfish" not in line


@pytest.mark.parametrize("value", ["http://127.0.0.1", "127.0.0.1:8080", "no-such-machine"])
def test_a_host_that_is_not_found(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)  # no test asks a name server
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(env | {"HOST": value})
    assert caught.value.problems == [
        f"HOST is '{value}', which has no address; give one such as 127.0.0.1, or 0.0.0.0 for all."
    ]


def test_a_private_key_that_is_too_short(env: dict[str, str]) -> None:
    key = rsa.generate_private_key(65_537, 1024)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(env | {"GITHUB_APP_PRIVATE_KEY": pem})
    assert caught.value.problems == [
        "GITHUB_APP_PRIVATE_KEY cannot be used: It has 1,024 bits, and at least 2,048 are needed; "
        "generate one on the App's page."
    ]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_env({"SWITCHYARD_DATABASE": str(tmp_path / "x.db"), "PORT": "http"})
    named = [line.split()[0] for line in caught.value.problems]
    assert named == ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "PORT"]


def test_secrets_are_not_shown(env: dict[str, str], pem: str) -> None:
    shown = repr(Settings.from_env(env))
    assert "a webhook secret" not in shown
    assert pem.splitlines()[1] not in shown
    assert "webhook_secret=***" in shown
    assert "app_id=12345" in shown


def test_the_database_alone_needs_nothing_else(tmp_path: Path) -> None:
    assert database_from_env({}) == "switchyard.db"
    with pytest.raises(BadSettings, match="SWITCHYARD_DATABASE"):
        database_from_env({"SWITCHYARD_DATABASE": str(tmp_path)})


def test_the_environment_is_read_when_nothing_is_given(env: dict[str, str], tmp_path: Path) -> None:
    code = "from bot.settings import Settings; print(Settings.from_env().app_id)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | env, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "12345"


def test_the_docs_list_exactly_the_settings() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", DOCS.read_text(), re.MULTILINE)
    expected = [
        (
            setting.name,
            "**required**" if setting.required else f"`{setting.default}`" if setting.default else "–",
            setting.help,
        )
        for setting in SETTINGS
    ]
    assert rows == expected
