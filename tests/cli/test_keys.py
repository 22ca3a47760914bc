from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.cli import cli
from bot.domain.model import Repo
from bot.store import keys, repos
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate

#: 2026-05-04 10:00:00 UTC
NOW = 1_777_888_800.0
#: What GitHub answers for a repository that has the App.
FRESH = {
    "/repos/acme/fresh/installation": (200, '{"id": 5}'),
    "/app/installations/5/access_tokens": (201, '{"token": "t", "expires_at": "2099-01-01T00:00:00Z"}'),
    "/repos/acme/fresh": (200, '{"id": 77, "name": "fresh", "owner": {"login": "acme"}, "default_branch": "main"}'),
}


@dataclass
class GitHub:
    """Answers what it was told to, by path, on a real socket."""

    url: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)


@pytest.fixture
def github() -> Iterator[GitHub]:
    told = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = told.answers.get(self.path, (404, '{"message": "Not Found"}'))
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "test.db"
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(path))
    db = connect(path)
    migrate(db)
    with transaction(db):
        repos.save(db, Repo(7, "acme", "infra", 1, "main"), 0.0)
    yield db
    db.close()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Move the command's clock by hand."""
    at = [NOW]
    monkeypatch.setattr("bot.cli.keys.time.time", lambda: at[0])
    return at


@pytest.fixture
def app_settings(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> GitHub:
    key = rsa.generate_private_key(65_537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    monkeypatch.setenv("GITHUB_APP_ID", "1")
    monkeypatch.setenv("GITHUB_APP_PRIVATE_KEY", pem)
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "secret")
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    return github


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *words], catch_exceptions=False)


def test_a_new_key_stands_alone_on_stdout_and_only_its_hash_is_kept(database: Db) -> None:
    done = run("create", "ACME/infra")
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.fullmatch(r"swy_[A-Za-z0-9_-]{40}\n", done.stdout)
    key = done.stdout.strip()
    found = keys.find(database, key)
    assert found is not None
    assert (found.repo_id, found.allow) == (7, ("upload", "status", "locks", "read"))
    assert key not in "".join(str(tuple(row)) for row in database.rows("SELECT * FROM keys"))


def test_two_keys_differ(database: Db) -> None:
    assert run("create", "acme/infra").stdout != run("create", "acme/infra").stdout


def test_what_a_key_may_do_is_chosen(database: Db) -> None:
    run("create", "acme/infra", "--allow", "approve, read")
    (key,) = keys.all_of(database)
    assert key.allow == ("read", "approve")


@pytest.mark.parametrize(
    "words", [("acme",), ("acme/infra/x",), ("acme/infra", "--allow", "all"), ("acme/infra", "--allow", ",")]
)
def test_wrong_words(database: Db, words: tuple[str, ...]) -> None:
    done = run("create", *words)
    assert done.exit_code == 2
    assert keys.all_of(database) == []


def test_list_and_revoke(database: Db) -> None:
    key = run("create", "acme/infra").stdout.strip()
    listed = run("list").stdout
    assert re.fullmatch(
        r"1\tacme/infra\t-\tupload,status,locks,read\tmade \d{4}-\d\d-\d\d\tnever expires\tused never\n", listed
    )
    assert key not in listed
    assert run("revoke", "1").stdout == "Key 1 is revoked.\n"
    assert keys.find(database, key) is None
    assert re.search(r"revoked \d{4}", run("list").stdout)
    again = run("revoke", "1")
    assert again.exit_code == 1
    assert "no key 1" in again.stderr


@pytest.mark.parametrize(
    ("expires", "end"),
    [
        ("12h", NOW + 12 * 3600),
        ("90d", NOW + 90 * 86_400),
        ("52w", NOW + 364 * 86_400),
        ("2026-05-04", 1_777_939_199),  # 23:59:59 of that day
        ("2027-01-31", 1_801_439_999),
    ],
)
def test_a_key_ends_when_it_is_told_to(database: Db, now: list[float], expires: str, end: float) -> None:
    done = run("create", "acme/infra", "--name", "ci", "--expires", expires)
    assert done.exit_code == 0, done.stderr
    (key,) = keys.all_of(database)
    assert (key.name, key.expires_at) == ("ci", end)
    day = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d")
    assert f"\tci\tupload,status,locks,read\tmade 2026-05-04\texpires {day}\tused never\n" in run("list").stdout
    now[0] = end
    assert f"\texpired {day}\tused never\n" in run("list").stdout


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        ("90", "is no time"),
        ("90m", "is no time"),
        ("-1d", "is no time"),
        ("1.5d", "is no time"),
        ("٩d", "is no time"),
        ("2027-02-29", "is no time"),
        ("31.01.2027", "is no time"),
        ("tomorrow", "is no time"),
        ("0d", "must lie ahead"),
        ("2026-05-03", "must lie ahead"),
        ("600w", "at most ten years"),
        ("999999w", "at most ten years"),
        ("9999-12-31", "at most ten years"),
        ("0001-01-01", "must lie ahead"),
    ],
)
def test_ends_that_cannot_be(database: Db, now: list[float], expires: str, words: str) -> None:
    done = run("create", "acme/infra", "--expires", expires)
    assert (done.exit_code, done.stdout) == (2, "")
    told = " ".join(done.stderr.split())
    assert "--expires" in told
    assert words in told
    assert keys.all_of(database) == []


@pytest.mark.parametrize("name", ["a b", "ci/cd", "x" * 51, "tab\t", "ä"])
def test_names_that_cannot_be(database: Db, name: str) -> None:
    done = run("create", "acme/infra", "--name", name)
    assert done.exit_code == 2
    assert "letters, digits and . _ -" in done.stderr
    assert keys.all_of(database) == []


def test_a_name_is_taken_while_its_key_lives(database: Db, now: list[float]) -> None:
    with transaction(database):
        repos.save(database, Repo(8, "acme", "other", 1, "main"), 0.0)
    assert run("create", "acme/infra", "--name", "ci", "--expires", "1d").exit_code == 0
    again = run("create", "acme/infra", "--name", "ci")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "Key 1 of acme/infra is called ci already" in again.stderr
    assert "switchyard keys revoke 1" in again.stderr
    assert run("create", "acme/other", "--name", "ci").exit_code == 0
    now[0] += 86_400
    assert run("create", "acme/infra", "--name", "ci").exit_code == 0
    assert run("revoke", "3").exit_code == 0
    assert run("create", "acme/infra", "--name", "ci").exit_code == 0
    assert [key.name for key in keys.all_of(database)] == ["ci"] * 4


def test_a_list_without_keys_says_so(database: Db) -> None:
    assert run("list").stdout == "No keys yet.\n"


@pytest.mark.parametrize("words", [("list",), ("revoke", "1")])
def test_what_only_looks_makes_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWITCHYARD_DATABASE", raising=False)
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"no database {tmp_path / 'switchyard.db'}; name the one" in done.stderr
    assert "SWITCHYARD_DATABASE" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_new_database_is_told_beside_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app_settings: GitHub
) -> None:
    app_settings.answers = FRESH
    path = tmp_path / "new.db"
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(path))
    done = run("create", "acme/fresh")
    assert re.fullmatch(r"swy_[A-Za-z0-9_-]{40}\n", done.stdout)
    assert done.stderr == f"There was no database {path}, so it is made. The service must use the same one.\n"
    assert run("create", "acme/fresh").stderr == ""


@pytest.mark.parametrize("words", [("list",), ("revoke", "1"), ("create", "acme/infra")])
def test_a_file_that_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    path = tmp_path / "diary.db"
    path.write_text("Dear diary. " * 999)
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(path))
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: Switchyard could not use the database {path}: file is not a database. "
        "Name another file in SWITCHYARD_DATABASE, or make this one readable and writable.\n"
    )


def test_a_repository_that_was_not_seen_is_asked_for(database: Db, app_settings: GitHub) -> None:
    app_settings.answers = FRESH
    done = run("create", "acme/fresh")
    assert done.exit_code == 0, done.stderr
    found = keys.find(database, done.stdout.strip())
    assert found is not None
    assert found.repo_id == 77
    assert repos.get(database, 77) == Repo(77, "acme", "fresh", 5, "main")


def test_a_repository_without_the_app(database: Db, app_settings: GitHub) -> None:
    done = run("create", "acme/fresh")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "not installed on acme/fresh" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_github_in_trouble(database: Db, app_settings: GitHub) -> None:
    app_settings.answers = {"/repos/acme/fresh/installation": (502, "oops")}
    done = run("create", "acme/fresh")
    assert done.exit_code == 1
    assert "502" in done.stderr
    assert "later" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_apps_settings_it_says_which_are_missing(database: Db) -> None:
    done = run("create", "acme/fresh")
    assert done.exit_code == 1
    assert "GITHUB_APP_ID" in done.stderr
    assert "acme/fresh" in done.stderr


def test_a_database_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHYARD_DATABASE", "/no/such/folder/x.db")
    done = run("list")
    assert done.exit_code == 1
    assert "SWITCHYARD_DATABASE" in done.stderr
