"""What hosts are given to run it by: `Procfile`, `app.json`, `Dockerfile`, the buildpacks' files and a systemd unit."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.app import GRACE
from bot.cli.serve import remarks
from bot.variables import SETTINGS
from tests.rig import open_rig
from tests.stories.processes import ROOT, settings

UNIT = ROOT / "deploy/switchyard.service"
#: The keys of app.json that Heroku knows; `healthchecks` is Dokku's alone.
HEROKU = {"name", "description", "keywords", "env", "formation", "buildpacks"}
DOKKU = {"healthchecks"}
CHECK = {"type", "name", "path", "attempts", "wait", "timeout", "port", "content", "initialDelay"}


def app_json() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
    return found


def image() -> list[tuple[str, str]]:
    """Read the Dockerfile: each instruction with what it says, its lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, said) for word, said in lines]


def said(word: str) -> str:
    """Find what the Dockerfile says by an instruction that it has once."""
    (found,) = (text for its, text in image() if its == word)
    return found


def unit() -> dict[str, list[str]]:
    """Read the unit; an option may be there several times."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        name, is_option, value = line.partition("=")
        if is_option and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def environment(told: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Make an environment in which the Python of the tests is found as `python`, and no setting is right but one."""
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(sys.executable)
    kept = settings(folder, "http://127.0.0.1:9")
    return kept | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)} | told


def test_the_procfile_starts_it_in_a_shell_with_the_port_that_the_host_gives(tmp_path: Path) -> None:
    (line,) = (ROOT / "Procfile").read_text().splitlines()
    named = re.fullmatch(r"([A-Za-z0-9_-]{1,63}): +(.+)", line)
    assert named is not None
    told = environment({"PORT": "no port", "HOST": "no host"}, tmp_path)
    done = subprocess.run(["sh", "-c", named[2]], cwd=ROOT, env=told, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert [problem.split()[0] for problem in done.stderr.splitlines()] == ["PORT"], "HOST is the line's own"


def test_app_json_has_what_heroku_and_dokku_know() -> None:
    app = app_json()
    assert set(app) == HEROKU | DOKKU
    assert {key for check in app["healthchecks"]["web"] for key in check} <= CHECK
    assert {key for setting in app["env"].values() for key in setting} <= {"description", "value", "required"}
    assert all(isinstance(setting.get("value", ""), str) for setting in app["env"].values())


def test_a_missing_secret_is_asked_for_and_never_made_up() -> None:
    """One that the host made up would not be the App's, and every webhook would be refused."""
    asked = app_json()["env"]
    for setting in SETTINGS:
        if setting.secret:
            assert asked[setting.name] == {"description": setting.help}


def test_the_buildpack_that_only_unpacks_graphviz_has_it_set_up(tmp_path: Path) -> None:
    """Without that `dot` knows no format; where it fails, it is said and the rest goes on."""
    folder = tmp_path / ".apt/usr/lib/x86_64-linux-gnu/graphviz"
    folder.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    dot = tmp_path / "bin/dot"
    dot.write_text('#!/bin/sh\necho "$GVBINDIR $*" >> "$HOME/called"\nexit "${FAILS:-0}"\n')
    dot.chmod(0o755)
    start = f'. {ROOT}/.profile.d/graphviz.sh; echo "$GVBINDIR"'
    for fails in ("0", "1"):
        told = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "FAILS": fails}
        done = subprocess.run(["bash", "-e", "-c", start], env=told, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout.strip()) == (0, str(folder))
        assert ("Mermaid" in done.stderr) == (fails == "1")
    assert (tmp_path / "called").read_text() == f"{folder} -c\n" * 2


def test_the_image_runs_as_somebody_who_owns_nothing_but_the_volume() -> None:
    words = [word for word, _ in image()]
    assert said("USER") == "switchyard"
    assert words.index("USER") < words.index("CMD")
    (made,) = (text for word, text in image() if word == "RUN" and "useradd" in text)
    assert "--uid 10001" in made
    assert f"--owner switchyard --group switchyard {said('VOLUME')}" in made
    assert [text for word, text in image() if word in ("COPY", "ADD") and "--chown" in text] == []
    assert "--require-hashes -r requirements/base.txt" in next(text for _, text in image() if "require-hashes" in text)
    assert any("graphviz" in text.split() for word, text in image() if word == "RUN")


def test_the_image_starts_the_service_itself_so_that_signals_reach_it() -> None:
    assert json.loads(said("CMD")) == ["switchyard", "serve"]
    assert [word for word, _ in image() if word == "ENTRYPOINT"] == []
    told = dict(pair.split("=", 1) for pair in shlex.split(said("ENV")))
    assert (told["HOST"], told["PORT"]) == ("0.0.0.0", said("EXPOSE"))
    assert Path(told["SWITCHYARD_DATABASE"]).parent == Path(said("VOLUME"))


async def test_the_health_checks_follow_the_service(tmp_path: Path) -> None:
    """The image's is run as it is there: well, with a worker that stands still, and with nobody on the port."""
    check = said("HEALTHCHECK").partition("CMD ")[2]
    told = environment({}, tmp_path)

    async def checked(port: str) -> tuple[int, str]:
        done = await asyncio.create_subprocess_exec("sh", "-c", check, env=told | {"PORT": port}, stderr=PIPE)
        _, wrong = await done.communicate()
        return done.returncode or 0, wrong.decode().partition("urllib.error.")[2].strip()

    async with open_rig(tmp_path) as rig, aiohttp.ClientSession() as session:
        port = str(urlsplit(rig.url).port)
        (at_dokku,) = (one["path"] for one in app_json()["healthchecks"]["web"])
        async with session.get(f"{rig.url}{at_dokku}") as answer:
            assert answer.status == 200
        assert await checked(port) == (0, "")
        rig.worker.beat -= 3600.0
        async with session.get(f"{rig.url}{at_dokku}") as answer:
            assert answer.status == 503
        code, wrong = await checked(port)
        assert (code, wrong.partition(": ")[2][:14]) == (1, "HTTP Error 503")
    code, wrong = await checked("1")
    assert code == 1
    assert "refused" in wrong


def test_the_unit_runs_it_as_nobody_else_with_settings_that_nobody_else_reads() -> None:
    its = unit()
    assert its["User"] == its["Group"] == ["switchyard"]
    assert its["ExecStart"] == ["/opt/switchyard/.venv/bin/switchyard serve"]
    assert its["EnvironmentFile"] == ["/etc/switchyard/switchyard.env"], "it must be there: no dash"
    assert "SWITCHYARD_DATABASE=/var/lib/switchyard/switchyard.db" in its["Environment"]
    assert (its["StateDirectory"], its["StateDirectoryMode"], its["UMask"]) == (["switchyard"], ["0700"], ["0077"])


def test_the_unit_starts_it_again_where_that_helps_and_waits_for_its_end() -> None:
    its = unit()
    assert its["Restart"] == ["on-failure"]
    assert its["RestartPreventExitStatus"] == ["2"], "what the service ends with where a setting is wrong"
    assert int(its["TimeoutStopSec"][0]) > 2 * GRACE
    assert its["WantedBy"] == ["multi-user.target"]


@pytest.mark.parametrize(
    "option",
    [
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "PrivateDevices=yes",
        "PrivateTmp=yes",
        "ProtectHome=yes",
        "ProtectSystem=strict",
        "RestrictSUIDSGID=yes",
        "SystemCallFilter=@system-service",
    ],
)
def test_the_unit_may_do_little(option: str) -> None:
    name, _, value = option.partition("=")
    assert unit()[name] == [value]


def test_the_unit_leaves_the_service_what_it_needs() -> None:
    """It speaks HTTP, asks for names and starts `dot`; none of these is taken away, as by MemoryDenyWriteExecute."""
    its = unit()
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} <= set(its["RestrictAddressFamilies"][0].split())
    taken = {"PrivateNetwork", "NoExecPaths", "InaccessiblePaths", "IPAddressDeny", "MemoryDenyWriteExecute"}
    assert taken & set(its) == set()


def test_what_the_docs_tell_to_put_where_is_what_the_unit_looks_for() -> None:
    text = (ROOT / "docs/hosting.md").read_text()
    section = text.partition("## A machine with systemd")[2].partition("\n## ")[0]
    its = unit()
    for path in (*its["EnvironmentFile"], its["ExecStart"][0].split()[0], *its["Environment"][0].split("=")[1:]):
        assert path in section
    assert f"useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin {its['User'][0]}" in section


@pytest.mark.parametrize("host", ["fly", "heroku"])
def test_what_the_docs_tell_of_a_host_is_about_one_app(host: str) -> None:
    """Else the line that `setup` prints has the default's name, and the settings go to another app."""
    section = (ROOT / "docs/hosting.md").read_text().partition(f"\n## {host.title()}\n")[2].partition("\n## ")[0]
    (made,) = re.findall(rf"^\$ {host}(?: apps)? create (\S+)", section, re.MULTILINE)
    (printed,) = re.findall(rf"switchyard setup .*--print {host}([^\n`]*)", section)
    assert printed == f" --app {made}"
    assert (f'\napp = "{made}"\n' in section) is (host == "fly")


MOUNTS = """
22 1 254:0 / / rw,relatime - overlay overlay rw
24 22 0:21 / /dev/shm rw - tmpfs tmpfs rw
25 22 254:16 / /data rw - ext4 /dev/vdb rw
26 22 0:40 / /far rw - nfs4 host:/far rw
"""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/data/switchyard.db", []),
        ("/app/switchyard.db", ["/app/switchyard.db is on a container's own disk (overlay)"]),
        ("/dev/shm/switchyard.db", ["/dev/shm/switchyard.db is in memory (tmpfs)"]),
        ("/far/switchyard.db", ["/far/switchyard.db is on a network's disk (nfs4)"]),
    ],
)
def test_a_start_on_a_disk_that_does_not_last_is_told(path: str, told: list[str]) -> None:
    found = remarks(path, MOUNTS)
    assert [one.partition(", ")[0].partition(". ")[0] for one in found] == told
    assert all("SWITCHYARD_DATABASE" in one or "disk of this machine" in one for one in found)
