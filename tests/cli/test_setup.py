"""`switchyard setup`, with a small GitHub on a real socket and somebody who presses the buttons."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
import socket
import stat
import webbrowser
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli, setup_browser, setup_file, setup_page
from bot.cli.setup_browser import opens
from bot.cli.setup_wanted import Wanted, api_url, optional
from bot.github import needs
from bot.sandbox import Sandbox, apps, manifest
from bot.settings import Settings
from tests.cli.registering import PERSON, Answer, Person, get, github, origin_of, person_is_through, post
from tests.rig import app_key
from tests.sandbox.conftest import key_pair

PUBLIC = "https://switchyard.example.com"


@pytest.fixture
def hub() -> Iterator[Sandbox]:
    with github() as sandbox:
        yield sandbox


@pytest.fixture
def person(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    one = Person()
    monkeypatch.setattr(apps, "_key_pair", app_key)  # one is enough, and making one takes a while
    monkeypatch.setattr(setup_browser, "opens", one.opens)
    yield one
    person_is_through()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # Whatever goes wrong, no browser of a person is opened, and nobody waits for an hour.
    monkeypatch.setattr(setup_browser, "opens", lambda _address: True)
    monkeypatch.setattr(setup_browser, "_HOUR", 10.0)
    for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "PUBLIC_URL", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*words: str, text: str = "") -> Result:
    return CliRunner().invoke(cli, ["setup", *words], input=text, catch_exceptions=False)


def register(hub: Sandbox, *words: str, text: str = "") -> Result:
    done = run("--github-url", hub.hub.base_url, "--public-url", PUBLIC, *words, text=text)
    person_is_through()
    assert done.exit_code == 0, done.output
    return done


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_browser, "is_terminal", lambda: True)


def written(path: str = "switchyard.env") -> dict[str, str]:
    return setup_file.read(Path(path))


def words_of(command: str) -> list[str]:
    """Read a command as a shell does."""
    return shlex.split(command.replace("\\\n", ""))


def without_secrets(said: str, settings: dict[str, str]) -> bool:
    secrets = (settings["GITHUB_APP_PRIVATE_KEY"][:60], settings["GITHUB_WEBHOOK_SECRET"], "PRIVATE KEY")
    return not any(secret in said for secret in secrets)


# The whole way.


def test_from_nothing_to_the_settings(hub: Sandbox, person: Person, folder: Path) -> None:
    done = register(hub, "--name", "Yard of ada")
    app, settings = hub.hub.app, written()
    assert (app.name, app.owner.login) == ("Yard of ada", PERSON)
    assert stat.S_IMODE((folder / "switchyard.env").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["switchyard.env"]
    assert (folder / "switchyard.env").read_text().count("#") == 1
    assert list(settings) == [
        "GITHUB_APP_ID",
        "GITHUB_APP_PRIVATE_KEY",
        "GITHUB_WEBHOOK_SECRET",
        "SWITCHYARD_WORKSPACE_ID",
        "PUBLIC_URL",
        "GITHUB_API_URL",
    ]
    read = Settings.from_env(settings)
    assert (read.app_id, read.public_url, read.server_url) == (app.id, PUBLIC, hub.hub.base_url)
    assert read.webhook_secret == hub.hooks.secret
    assert (hub.hooks.url, hub.hooks.active) == (f"{PUBLIC}/webhooks/github", True)
    assert re.fullmatch(r"[a-z]+-[a-z]+-[0-9a-f]{4}", read.workspace_id)
    assert "yard-of-ada is registered" in done.output
    assert f"{hub.hub.base_url}/apps/yard-of-ada/installations/new" in done.output
    assert f": switchyard init --public-url {PUBLIC} --workspace-id {read.workspace_id}\n" in done.output
    assert without_secrets(done.output, settings)
    assert person.last is not None
    assert without_secrets(person.last.text, settings)
    assert f'href="{hub.hub.base_url}/apps/yard-of-ada/installations/new"' in person.last.text


def test_what_is_registered_is_exactly_what_is_needed(hub: Sandbox, person: Person) -> None:
    register(hub, "--org", "acme")
    app = hub.hub.app
    assert app.permissions == {one.name: one.access for one in needs.PERMISSIONS}
    assert app.events == list(needs.EVENTS)
    assert needs.differences(app.permissions, app.events) == []
    assert (app.owner.login, app.owner.type, app.slug) == ("acme", "Organization", "switchyard-acme")


def test_the_page_says_what_will_be_registered_and_why(hub: Sandbox, person: Person) -> None:
    register(hub, "--name", "<b>Yard</b>")
    assert person.local is not None
    page = " ".join(person.local.text.split())
    for one in needs.PERMISSIONS:
        cells = (one.label, needs.ACCESS[one.access], needs.plain(one.reason).replace("'", "&#39;"))
        assert "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" in page
    for event in needs.EVENTS:
        assert needs.event_label(event) in page
    assert f"<code>{PUBLIC}/webhooks/github</code>" in page
    assert "&lt;b&gt;Yard&lt;/b&gt;" in page
    assert "<b>" not in page
    headers = person.local.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("without", list(chain.from_iterable(combinations(optional(), size) for size in range(4))))
def test_github_takes_the_manifest_whatever_is_left_out(without: tuple[str, ...]) -> None:
    for address in (PUBLIC, ""):
        wanted = Wanted("https://github.com", "", "yard", address, without=frozenset(without))
        told = wanted.manifest("http://127.0.0.1:1/registered")
        assert manifest.problems(told) == []
        assert told["public"] is False
        assert not set(without) & {one.name for one in wanted.permissions}


def test_a_permission_that_is_left_out_is_not_asked_for(hub: Sandbox, person: Person) -> None:
    register(hub, "--without", "merge_queues", "--without", "checks")
    assert not {"merge_queues", "checks"} & set(hub.hub.app.permissions)
    assert not {"merge_group", "check_run", "check_suite"} & set(hub.hub.app.events)


def test_where_github_makes_no_secret_one_is_made_and_told(hub: Sandbox, person: Person) -> None:
    hub.hub.tells_secret, hub.hooks.content_type = False, "form"
    register(hub)
    assert len(written()["GITHUB_WEBHOOK_SECRET"]) == 64
    assert hub.hooks.secret == written()["GITHUB_WEBHOOK_SECRET"]
    assert hub.hooks.content_type == "json"


def test_a_webhook_that_cannot_be_set_up_is_told_and_the_key_is_kept(hub: Sandbox, person: Person) -> None:
    hub.hub.tells_secret = False
    hub.faults.add("PATCH", "/app/hook/config", "status", status=500)
    done = register(hub)
    assert (
        "Its webhook could not be set up. GitHub is in trouble (status 500). Run `switchyard setup` again"
        in done.output
    )
    assert hub.hooks.secret == ""
    again = run("--yes")
    assert "Its webhook is not signed." in again.output
    assert hub.hooks.secret == written()["GITHUB_WEBHOOK_SECRET"]


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("heroku", ["heroku", "config:set", "--app", "my yard"]),
        ("dokku", ["dokku", "config:set", "my yard"]),
        ("fly", ["fly", "secrets", "set", "--app", "my yard"]),
    ],
)
def test_a_hosts_command_in_place_of_the_file(
    hub: Sandbox, person: Person, folder: Path, host: str, begins: list[str]
) -> None:
    done = register(hub, "--print", host, "--app", "my yard")
    words = words_of(done.stdout)
    assert words[: len(begins)] == begins
    settings = dict(word.split("=", 1) for word in words[len(begins) :])
    assert Settings.from_env(settings).app_id == hub.hub.app.id
    assert "is registered" in done.stderr
    assert without_secrets(done.stderr, settings)
    assert list(folder.iterdir()) == []


def test_what_is_not_said_is_asked_for(hub: Sandbox, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    answers = [hub.hub.base_url, "acme", "http://localhost:8080", PUBLIC, "", ""]
    done = run(text="\n".join(answers))
    assert done.exit_code == 0, done.output
    assert "GitHub cannot reach this machine by that address" in done.stderr
    assert (hub.hub.app.name, hub.hub.app.owner.login) == ("switchyard-acme", "acme")
    assert written()["PUBLIC_URL"] == PUBLIC


def test_without_an_address_the_webhook_is_off_and_it_says_what_to_do(hub: Sandbox, person: Person) -> None:
    done = run("--github-url", hub.hub.base_url)
    person_is_through()
    assert done.exit_code == 0
    assert "For development use a webhook relay" in done.output
    assert "For production Switchyard needs an address of its own, with HTTPS." in done.output
    assert f"tick Active at {hub.hub.base_url}/settings/apps/{hub.hub.app.slug}" in done.output
    assert hub.hooks.active is False
    assert not any("/app/hook" in asked.path for asked in hub.requests)
    assert "PUBLIC_URL" not in written()
    assert person.local is not None
    assert "off, since there is no address" in person.local.text
    assert "Its webhook goes nowhere, since it has no address yet; nothing is to be changed there." in run().output
    later = run("--public-url", PUBLIC, "--yes")
    assert later.exit_code == 0
    assert hub.hooks.url == f"{PUBLIC}/webhooks/github"
    assert written()["PUBLIC_URL"] == PUBLIC


def test_a_relay_for_development(hub: Sandbox, person: Person) -> None:
    done = run("--github-url", hub.hub.base_url, "--webhook-url", "http://relay.example/abc")
    assert done.exit_code == 0
    assert (hub.hooks.url, hub.hooks.active) == ("http://relay.example/abc", True)
    assert "The address is not HTTPS" in done.output


def test_by_a_browser_on_another_machine(
    hub: Sandbox, person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pasted(_question: str, *, value_proc: Any, **_: Any) -> Any:
        page = Answer(200, (folder / "page.html").read_text(), {})
        address = person.press(page, "null")
        assert address.startswith("http://127.0.0.1:1/registered?")
        for wrong in ("", "no code!", address.replace("state=", "state=x")):
            with pytest.raises(Exception, match=r"no code|another page"):
                value_proc(wrong)
        return value_proc(f" {address}\n")

    terminal(monkeypatch)
    monkeypatch.setattr("bot.cli.setup_browser.click.prompt", pasted)
    done = register(hub, "--page", "page.html", "--org", "acme", "--name", "yard")
    assert f"is registered (App ID {hub.hub.app.id})" in done.output
    assert written()["GITHUB_APP_ID"] == str(hub.hub.app.id)


def test_the_code_alone_can_be_pasted() -> None:
    assert setup_page.code_in(" abc123 ", "state") == "abc123"


# What goes wrong.


def test_what_github_refuses_is_on_its_page_and_the_page_here_can_be_used_again(
    hub: Sandbox, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []
    known = dict(manifest._PERMISSIONS)

    class Older(Person):
        def register(self, address: str) -> None:
            form = get(address).form
            refused.append(post(form.action, form.fields, origin_of(address)))
            manifest._PERMISSIONS.update(known)
            person.register(address)

    monkeypatch.setattr(setup_browser, "opens", Older().opens)
    monkeypatch.delitem(manifest._PERMISSIONS, "merge_queues")
    register(hub)
    assert refused[0].status == 422
    assert "Default permission records resource is not included in the list: merge_queues" in refused[0].text
    assert person.local is not None
    assert "<code>--without</code>" in person.local.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--public-url", "http://localhost:8080"), "GitHub cannot reach this machine by that address"),
        (("--public-url", "https://yard.localhost"), "GitHub cannot reach this machine by that address"),
        (("--public-url", "https://127.0.0.1"), "GitHub cannot reach this machine by that address"),
        (("--public-url", "https://[::1]"), "That is no plain web address"),
        (("--public-url", "switchyard.example.com"), "That is no plain web address"),
        (("--public-url", "https://example.com/?a=$(reboot)"), "That is no plain web address"),
        (("--public-url", "https://example.com:99999"), "That is no plain web address"),
        (("--webhook-url", "http://0.0.0.0/x"), "GitHub cannot reach this machine by that address"),
        (("--github-url", "http://github.example.com"), "The App's key would be sent for all to read"),
        (("--github-url", "https://github.com/acme"), "Give the address of the GitHub server alone"),
        (("--org", "acme/infra"), "Give the organization's name"),
        (("--name", "x" * 35), "between 1 and 34 characters"),
        (("--without", "contents"), "'contents' is not one of 'checks', 'deployments', 'merge_queues'"),
        (("--page", "page.html"), "--page needs a terminal"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_done(words: tuple[str, ...], said: str, folder: Path) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told_before_the_app_is_registered(hub: Sandbox) -> None:
    done = run("--github-url", hub.hub.base_url, "--env-file", "nowhere/switchyard.env")
    assert done.exit_code == 1
    assert done.stderr.endswith(
        "Error: nowhere/switchyard.env cannot be written (No such file or directory), so nothing was registered. "
        "Give another --env-file.\n"
    )


@pytest.mark.parametrize("content", ["", "PORT=8080\n", "# GITHUB_APP_ID=1\n"])
def test_a_file_without_an_app_is_not_written_over(folder: Path, content: str) -> None:
    (folder / "switchyard.env").write_text(content)
    done = run("--public-url", PUBLIC)
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: switchyard.env is there already and names no App. It is not written over: move it away, or give "
        "another --env-file.\n"
    )
    assert (folder / "switchyard.env").read_text() == content


def test_a_link_that_leads_nowhere_is_not_followed(folder: Path) -> None:
    (folder / "switchyard.env").symlink_to(folder / "elsewhere")
    done = run("--public-url", PUBLIC)
    assert "switchyard.env is there already, and is not written over" in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run("--public-url", PUBLIC, "--port", port)
    assert done.stderr == f"Error: Another program uses port {port}; give another one, or no --port.\n"


def test_nobody_presses_the_button(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_browser, "_HOUR", 0.01)
    done = run("--public-url", PUBLIC)
    assert "Nobody pressed the button within an hour, so nothing was registered." in done.stderr
    assert list(folder.iterdir()) == []


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[Any], None]]:
    """Say what Ctrl-C does here: what runs in the background is begun with that ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_browser, "opens", lambda _address: signal.raise_signal(signal.SIGINT))
    done = run("--public-url", PUBLIC, "--org", "acme")
    assert done.exit_code == 1
    assert "delete it at https://github.com/organizations/acme/settings/apps before you begin again." in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=["ends", "is ignored"])
def test_being_ended_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ctrl_c: Callable[[Any], None], handler: Any
) -> None:
    ctrl_c(handler)
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(setup_browser, "opens", lambda _address: signal.raise_signal(signal.SIGTERM))
    done = run("--public-url", PUBLIC, "--org", "acme")
    assert done.exit_code == 1
    assert "delete it at https://github.com/organizations/acme/settings/apps before you begin again." in done.stderr
    assert list(folder.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_a_browser_it_says_how_to_get_there(hub: Sandbox, person: Person) -> None:
    said = []

    def told(line: str) -> None:
        said.append(line)
        if line.startswith("It answers"):
            person.opens(said[0].rpartition(" ")[2])

    wanted = Wanted(hub.hub.base_url, "", "yard", PUBLIC)

    async def finish(code: str) -> dict[str, Any]:
        return {"name": "yard", "kept": "", "install": ""}

    asyncio.run(setup_browser.served(wanted, finish, told, port=0, browser=False))
    port = origin_of(said[0].rpartition(" ")[2]).rpartition(":")[2]
    assert f"`ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}`" in said[1]
    assert "`switchyard setup --page FILE`" in said[1]


def test_a_browser_in_the_terminal_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, opened in ((webbrowser.GenericBrowser, False), (webbrowser.BackgroundBrowser, True)):
        monkeypatch.setattr(kind, "open", lambda *_: True)
        monkeypatch.setattr(webbrowser, "get", lambda kind=kind: kind("browser"))
        assert opens("http://127.0.0.1:1/") is opened
    monkeypatch.setattr(webbrowser, "get", no_browser)
    assert opens("http://127.0.0.1:1/") is False


def no_browser() -> None:
    raise webbrowser.Error("could not locate runnable browser")


def test_a_code_that_is_too_old_is_told_and_it_can_be_begun_again(hub: Sandbox, person: Person) -> None:
    told = []

    def late(address: str) -> Answer:
        hub.hub._codes.clear()
        told.append(get(address))
        person.then, person.name = get, "another-yard"
        begin = told[0].text.partition('href="http')[2].partition('"')[0]
        person.register(f"http{begin}")
        assert person.last is not None
        return person.last

    person.then = late
    done = register(hub, "--name", "yard")
    assert told[0].status == 502
    assert "GitHub does not know this code: it was used before, or is older than an hour." in told[0].text
    assert "GitHub does not know this code" in done.output
    assert written()["GITHUB_APP_ID"] == str(hub.hub.app.id)
    assert hub.hub.app.slug == "another-yard"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "dead_connection"}, "could not be reached from here, so the App&#39;s key could not be fetched."),
        ({"kind": "status", "status": 503}, "GitHub did not give the App&#39;s key for the code (status 503)."),
    ],
)
def test_when_github_does_not_answer_the_page_is_loaded_again(
    hub: Sandbox, person: Person, fault: dict[str, Any], said: str
) -> None:
    hub.faults.add("POST", "/conversions$", **fault)
    told = []

    def twice(address: str) -> Answer:
        told.append(get(address))
        return get(address)

    person.then = twice
    register(hub)
    assert told[0].status == 502
    assert said in told[0].text
    assert person.last is not None
    assert "is registered" in person.last.text


def test_only_what_the_page_asked_for_is_taken(hub: Sandbox, person: Person) -> None:
    told = []

    def tries(address: str) -> Answer:
        origin, _, query = address.partition("/registered?")
        told.append(get(address.replace("state=", "state=x")))
        told.append(get(f"{origin}/registered?{query}", Host="evil.example"))
        told.append(get(f"{origin}/registered?{query}&".replace("code=", "code=../../x")))
        told.append(get(f"{origin}/"))
        told.append(get(f"{origin}/other"))
        told.append(post(f"{origin}/registered?{query}", [], origin))
        return get(address)

    person.then = tries
    register(hub)
    assert [one.status for one in told] == [400, 400, 400, 404, 404, 405]
    assert sum(asked.path.endswith("/conversions") for asked in hub.requests) == 1


def test_a_name_that_leads_here_from_elsewhere_does_not_see_the_page(
    hub: Sandbox, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rebound(Person):
        def register(self, address: str) -> None:
            self.at_github = get(address, Host="evil.example:80")
            person.register(address)

    one = Rebound()
    monkeypatch.setattr(setup_browser, "opens", one.opens)
    register(hub)
    assert one.at_github is not None
    assert one.at_github.status == 403
    assert "manifest" not in one.at_github.text


def test_a_file_that_came_meanwhile_is_left_and_the_key_is_saved_elsewhere(
    hub: Sandbox, person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    def meddles(address: str) -> Answer:
        (folder / "switchyard.env").write_text("mine")
        return get(address)

    person.then = meddles
    done = register(hub)
    assert (folder / "switchyard.env").read_text() == "mine"
    (saved,) = re.findall(r"its settings are in (\S+): move that file", done.output)
    assert Settings.from_env(written(saved)).app_id == hub.hub.app.id
    assert stat.S_IMODE(Path(saved).stat().st_mode) == 0o600


def test_where_nothing_can_be_written_any_more_it_says_how_to_get_another_key(
    hub: Sandbox, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(setup_file.Reserved, "keep", full)
    monkeypatch.setattr("tempfile.mkstemp", lambda **_: full())
    done = register(hub, "--name", "yard")
    assert (
        "switchyard.env could not be written after all (No space left on device), and its key is lost. Make another "
        f"one at {hub.hub.base_url}/settings/apps/yard under Private keys"
    ) in done.output


def test_a_disk_without_links_still_gets_the_whole_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    with setup_file.reserved(folder / "a.env") as file:
        file.keep("A=1\n")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("a.env", "A=1\n")]


# The App is there already.


@pytest.fixture
def registered(hub: Sandbox, person: Person) -> Sandbox:
    register(hub, "--org", "acme")
    return hub


def test_all_is_well(registered: Sandbox) -> None:
    done = run()
    assert done.exit_code == 0
    app = registered.hub.app
    assert done.output == (
        f"switchyard.env has the App switchyard-acme (App ID {app.id}) of acme.\n"
        "It has the permissions and events that it needs, and no others.\n"
        f"Its webhook goes to {PUBLIC}/webhooks/github; nothing is to be changed there.\n"
        f"It is installed at {registered.hub.base_url}/apps/switchyard-acme/installations/new; "
        "`switchyard doctor` looks at the rest.\n"
    )


def test_options_for_a_new_app_are_not_passed_over_in_silence(registered: Sandbox) -> None:
    words = ["--org", "other", "--name", "yard", "--github-url", "https://ghe.example", "--page", "x.html"]
    done = run(*words, "--without", optional()[0])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == (
        "Not looked at: --org, --name, --github-url, --without, --page. switchyard.env has an App already; "
        "to register another, move its settings away."
    )
    printed = run("--print", "dokku", "--public-url", "https://yard.example.org")
    assert printed.stderr.startswith("Not looked at: --public-url. ")
    assert dict(word.split("=", 1) for word in words_of(printed.stdout)[3:]) == written()


def test_what_differs_is_told_with_where_to_change_it(registered: Sandbox) -> None:
    app = registered.hub.app
    app.permissions = app.permissions | {"actions": "read", "secrets": "write"}
    del app.permissions["merge_queues"]
    app.events.remove("push")
    done = run()
    assert done.exit_code == 0
    lines = [line for line in done.output.splitlines() if line.startswith("- ")]
    assert [line.partition(":")[0] for line in lines] == ["- needed", "- needed", "- as you like", "- as you like"]
    assert "Actions: it has Read-only; Read and write is for: start and cancel runs" in lines[0]
    assert "The event Push is not subscribed; it comes with Contents." in lines[1]
    assert "Merge queues: it has No access" in lines[2]
    assert "secrets: it has Read and write, and No access is enough" in lines[3]
    page = f"{registered.hub.base_url}/organizations/acme/settings/apps/switchyard-acme/permissions"
    assert page in done.output
    assert get(page).status == 200


def test_another_public_address_is_told_to_github_after_a_yes(
    registered: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = folder / "switchyard.env", "https://yard.example.org"
    path.write_text(path.read_text() + "PORT=9000\n")
    before = written()
    done = run("--public-url", other)
    assert f"Its webhook goes to {PUBLIC}/webhooks/github, not to {other}/webhooks/github." in done.output
    assert "Nothing was changed there; --yes does it." in done.output
    assert registered.hooks.url == f"{PUBLIC}/webhooks/github"
    assert written() == before | {"PUBLIC_URL": other}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    terminal(monkeypatch)
    assert "That is changed. See that Active is ticked" in run(text="y\n").output
    assert registered.hooks.url == f"{other}/webhooks/github"
    assert registered.hooks.secret == written()["GITHUB_WEBHOOK_SECRET"]


def test_settings_of_the_environment_are_looked_at_too(
    registered: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in written().items():
        monkeypatch.setenv(name, value)
    (folder / "switchyard.env").unlink()
    done = run("--public-url", "https://yard.example.org", "--yes")
    assert done.output.startswith("The environment has the App switchyard-acme")
    assert "Set PUBLIC_URL to https://yard.example.org where the service runs." in done.output
    assert registered.hooks.url == "https://yard.example.org/webhooks/github"
    assert list(folder.iterdir()) == []


def test_a_webhook_that_sends_no_json_is_told_and_changed(registered: Sandbox) -> None:
    registered.hooks.content_type = "form"
    assert "Its webhook does not send JSON." in run("--yes").output
    assert registered.hooks.content_type == "json"


def test_a_hosts_command_has_the_key_itself_and_not_where_it_is(registered: Sandbox, folder: Path) -> None:
    before = written()
    (folder / "app.pem").write_text(Settings.from_env(before).private_key)
    setup_file.replace(folder / "switchyard.env", "GITHUB_APP_PRIVATE_KEY", "app.pem")
    words = words_of(run("--print", "fly").stdout)
    assert dict(word.split("=", 1) for word in words[5:]) == before


def test_a_hosts_command_is_made_from_the_file(registered: Sandbox) -> None:
    words = words_of(run("--print", "dokku").stdout)
    assert dict(word.split("=", 1) for word in words[3:]) == written()


def test_an_app_that_is_gone(registered: Sandbox) -> None:
    registered.hub.app.public_key = key_pair()[1]
    done = run()
    assert done.exit_code == 1
    assert f"switchyard.env has the App {registered.hub.app.id}, and it could not be looked at." in done.stderr
    assert "it was deleted, its key was revoked, or the clock of this machine is wrong." in done.stderr
    assert "move its settings away" in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GITHUB_APP_ID=seven\n", "GITHUB_APP_ID is 'seven'; give a whole number"),
        (b"GITHUB_APP_ID=7\nGITHUB_APP_PRIVATE_KEY=abc\n", "No private key was found in what was given"),
        (b"\xff\xfe", "switchyard.env cannot be read: it is no text."),
    ],
)
def test_a_file_that_is_not_right(folder: Path, content: bytes, said: str) -> None:
    (folder / "switchyard.env").write_bytes(content)
    done = run()
    assert done.exit_code == 1
    assert said in done.stderr


def test_an_environment_that_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_APP_ID", "7")
    done = run()
    assert done.exit_code == 1
    assert (
        "The environment names an App, and its settings are not right:\nGITHUB_APP_PRIVATE_KEY is not set"
        in done.stderr
    )


def test_a_file_that_was_written_by_hand_is_read(folder: Path) -> None:
    (folder / "a.env").write_text("# a word\nexport A='1 2'\nB=\"x=y\"\n\nC=\nD=z\n")
    assert written("a.env") == {"A": "1 2", "B": "x=y", "C": "", "D": "z"}


@pytest.mark.parametrize(
    ("server", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://github.example.com", "https://github.example.com/api/v3"),
    ],
)
def test_where_the_api_of_a_server_is(server: str, api: str) -> None:
    assert api_url(server) == api
    app = {"GITHUB_APP_ID": "7", "GITHUB_WEBHOOK_SECRET": "s", "GITHUB_APP_PRIVATE_KEY": app_key()[0]}
    assert Settings.from_env(app | {"GITHUB_API_URL": api}).server_url == server
