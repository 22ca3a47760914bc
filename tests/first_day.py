"""From nothing to the first pull request in order: setup, serve, init and doctor, as they show themselves.

The commands are the real ones, each in a terminal, against a GitHub of our own with the real time; only people are
played. `make rehearse` writes what was shown, and how long each took, to out/first-day.txt.
"""

from __future__ import annotations

import asyncio
import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from bot.cli import setup_file
from bot.sandbox import Sandbox
from bot.sandbox.atmos import Configured, Model
from bot.sandbox.pages import add_pages
from bot.sandbox.scene import Scene
from bot.sandbox.state import Pull
from tests.cli.registering import PERSON, Person
from tests.rig import APP_ID, SECRET, app_key
from tests.stories.processes import free_port

STAGES = ("dev", "prod")
NEEDS = {"vpc": (), "cluster": ("vpc",), "database": ("vpc",), "app": ("cluster", "database")}
ATMOS = """\
base_path: ./
components:
  terraform:
    base_path: components/terraform
stacks:
  base_path: stacks
  included_paths: [orgs/**/*]
  excluded_paths: ["**/_defaults.yaml"]
  name_template: "{{ .vars.tenant }}-{{ .vars.stage }}"
"""
MIXIN = "stacks/mixins/pro.yaml"
_PATIENCE = 60.0
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def play(out: Path) -> float:
    """Go the whole way and write down what was seen; returns how many seconds it took."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="first-day-") as folder:
        text = asyncio.run(_Day(Path(folder)).whole())
    took = time.monotonic() - began
    out.mkdir(parents=True, exist_ok=True)
    text += f"\n# From nothing to an applied pull request in {took:.0f} s, without the time that people take.\n"
    (out / "first-day.txt").write_text(text, encoding="utf-8")
    return took


class _Day:
    def __init__(self, folder: Path) -> None:
        self.folder, self.checkout = folder, folder / "infra"
        self.sandbox = Sandbox(now=time.time, app_id=APP_ID, app_public_key=app_key()[1], webhook_secret=SECRET)
        add_pages(self.sandbox, person=PERSON)
        self.sandbox.hub.scenario.seconds = lambda _file, _inputs: 0.5
        self.environ: dict[str, str] = {}
        self.shown: list[str] = []

    async def whole(self) -> str:
        """Go through the day; returns what the terminal showed."""
        address = await self.sandbox.start()
        self.scene = Scene(self.sandbox, model=_model({}), files=_before(), oidc=True, statuses=True)
        self.environ = _environ()
        life = asyncio.create_task(self.sandbox.run())
        try:
            await self.register(address)
            with self.serving():
                await self.prepare(address)
                await self.first_pull()
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            await self.sandbox.stop()
        shown = "\n".join(self.shown).replace(str(self.folder), "~").replace(address, "https://github.example")
        return shown.replace(address.partition("//")[2], "github.example")

    async def register(self, address: str) -> None:
        """Register the App and install it."""
        await self.run(
            f"switchyard setup --github-url {address} --org acme --public-url https://switchyard.example", says=""
        )
        self.note("One click on that page, one at GitHub. Then the App is installed in acme/infra.")
        self.sandbox.hub.install_on("acme")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve with what setup wrote; only the address is one of this machine, since the other is nobody's."""
        port = free_port()
        self.public = f"http://127.0.0.1:{port}"
        self.environ |= setup_file.read(self.folder / "switchyard.env")
        self.environ |= {"PORT": port, "HOST": "127.0.0.1", "PUBLIC_URL": self.public}
        self.sandbox.webhook_url, self.scene.server_url = f"{self.public}/webhooks/github", self.public
        self.scene.workspace_id = self.environ["SWITCHYARD_WORKSPACE_ID"]
        self.note("set -a; . ./switchyard.env; set +a; switchyard serve &")
        with (self.folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "bot", "serve"]
            process = subprocess.Popen(command, cwd=self.folder, env=self.environ, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(_PATIENCE)

    async def prepare(self, address: str) -> None:
        """Bring the files into the repository, by a first pull request that cannot plan itself."""
        _write(self.checkout, _before())
        for command in ("git init -q -b main", f"git remote add origin {address}/acme/infra.git"):
            await asyncio.to_thread(subprocess.run, shlex.split(command), cwd=self.checkout, check=True)
        (following,) = re.findall("switchyard init .*", self.shown[0])  # as setup said
        await self.run(following, says="y", where=self.checkout)
        hub, repo = self.sandbox.hub, self.scene.repo
        for stage in STAGES:
            hub.add_environment(repo, stage, reviewers=[PERSON] if stage == "prod" else [])
        hub.set_permission(repo, PERSON, "admin")
        hub.push(repo, "switchyard", _files(self.checkout), message="Add what Switchyard needs", author="dev")
        hub.merge(hub.open_pull(repo, head="switchyard", title="Add what Switchyard needs", author="dev"), by="dev")
        await self.until(lambda: self.sandbox.idle and all(run.status == "completed" for run in hub.runs.values()))
        self.note("The files are merged, and the environments dev and prod made; somebody must approve prod.")
        await self.run("switchyard doctor --repo acme/infra")

    async def first_pull(self) -> None:
        """Plan and apply a pull request."""
        pro = yaml.safe_load((self.checkout / MIXIN).read_text())["settings"]["pro"]
        self.scene.model = _model(pro)
        pull = self.scene.open_pull(["vpc"], title="Widen the network")
        await self.until(lambda: "Planned" in self.first_line(pull))
        self.note(f"The pull request's comment says: {self.first_line(pull)}")
        self.sandbox.hub.merge(pull, by="dev")
        await self.until(lambda: self.approve() or "Applied" in self.first_line(pull))
        self.note(f"After the merge and an approval of each apply in prod: {self.first_line(pull)}")
        started = [run for run in self.sandbox.hub.runs.values() if run.event == "workflow_dispatch"]
        names = [f"{run.display_title.split()[0]} {run.inputs['stack']}/{run.inputs['component']}" for run in started]
        self.note("GitHub got, in this order:\n#   " + "\n#   ".join(names))
        await self.run("switchyard doctor --repo acme/infra")

    def approve(self) -> bool:
        """Approve what waits for it; tells that it is not the end."""
        for run in list(self.sandbox.hub.runs.values()):
            for environment in list(run.pending) if run.status == "waiting" else ():
                self.sandbox.hub.approve(run.id, environment, PERSON)
        return False

    def first_line(self, pull: Pull) -> str:
        """Read what the comment says first: its heading."""
        lines = (line for one in self.sandbox.hub.comments_on(pull) if one.by_app for line in one.body.splitlines())
        return next((line.lstrip("# ") for line in lines if line.startswith("#")), "")

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + _PATIENCE
        while not so():
            assert time.monotonic() < end, "\n".join([*self.shown, (self.folder / "log").read_text()])
            await asyncio.sleep(0.05)

    async def run(self, command: str, *, says: str | None = None, where: Path | None = None) -> None:
        """Run a command in a terminal, as somebody would who answers with `says`; it must end well."""
        began = time.monotonic()
        text, status = await asyncio.to_thread(self.in_a_terminal, command, says, where or self.folder)
        self.shown.append(f"$ {command}\n{text}# {time.monotonic() - began:.1f} s\n")
        assert status == 0, "\n".join(self.shown)

    def in_a_terminal(self, command: str, says: str | None, where: Path) -> tuple[str, int]:
        """Run a command; returns what it showed, and how it ended."""
        leader, follower = pty.openpty()
        words = [sys.executable, "-m", "bot", *shlex.split(command)[1:]]
        with subprocess.Popen(
            words, cwd=where, env=self.environ, stdin=follower, stdout=follower, stderr=follower
        ) as process:
            os.close(follower)
            if says is not None:
                os.write(leader, f"{says}\n".encode())
            text = _COLOURS.sub("", _read(leader))
        return text, process.returncode

    def note(self, text: str) -> None:
        """Write down what happens beside the terminal."""
        self.shown.append(f"# {text}\n")


def _read(leader: int) -> str:
    parts = []
    try:
        while part := os.read(leader, 4096):
            parts.append(part)
    except OSError:  # how a terminal tells that its last program is gone
        pass
    os.close(leader)
    return b"".join(parts).decode().replace("\r\n", "\n")


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not re.match("GITHUB_|SWITCHYARD_|PORT|PUBLIC", name)}
    person = f"{sys.executable} -m tests.first_day --browse %s &"  # in the background, as a window is
    return kept | {"BROWSER": person, "PYTHONPATH": str(Path(__file__).parents[1]), "COLUMNS": "100"}


def _before() -> dict[str, str]:
    """Give the files of a repository that has never heard of Switchyard."""
    parts = "".join(f"    {name}: {{}}\n" for name in NEEDS)
    stacks = {
        f"stacks/orgs/acme/{stage}.yaml": f"import:\n  - orgs/acme/_defaults\nvars:\n  stage: {stage}\n"
        f"components:\n  terraform:\n{parts}"
        for stage in STAGES
    }
    code = {f"components/terraform/{name}/main.tf": "# nothing yet\n" for name in NEEDS}
    return {"atmos.yaml": ATMOS, "stacks/orgs/acme/_defaults.yaml": "vars:\n  tenant: plat\n"} | stacks | code


def _model(pro: dict[str, object]) -> Model:
    """Give what Atmos makes of the stacks, with what the mixin says once they import it."""
    return Model(
        {
            (f"plat-{stage}", name): Configured(
                settings={"pro": _filled(pro, stage, name)} if pro else {},
                needs=tuple((f"plat-{stage}", need) for need in needs),
                path=f"components/terraform/{name}",
            )
            for stage in STAGES
            for name, needs in NEEDS.items()
        }
    )


def _filled(pro: dict[str, object], stage: str, component: str) -> dict[str, object]:
    text = yaml.safe_dump(pro)
    values = {".atmos_component": component, ".atmos_stack": f"plat-{stage}", ".vars.stage": stage}
    for name, value in values.items():
        text = text.replace("{{ " + name + " }}", value)
    filled: dict[str, object] = yaml.safe_load(text)
    return filled


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _files(folder: Path) -> dict[str, str | None]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}


if __name__ == "__main__":
    if sys.argv[1] == "--browse":
        Person().register(sys.argv[2])
    else:
        took = play(Path(sys.argv[1]))
        sys.stdout.write(f"{took:.0f} s; {sys.argv[1]}/first-day.txt has what the terminal showed.\n")
