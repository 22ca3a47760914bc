"""The shape of the project: sizes, clocks, the environment, and files that must say the same."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from bot.variables import SETTINGS

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for package in ("bot", "renderers") for path in (ROOT / package).rglob("*.py"))
#: They look at a clock, or are the place that hands it on.
WITH_CLOCK = ("bot/app.py", "bot/cli/", "bot/sandbox/")
CLOCKS = re.compile(r"^(time\.(time|time_ns|localtime|gmtime)|(datetime\.)?(datetime|date)\.(now|utcnow|today))$")
ENVIRONMENT = re.compile(r"^os\.(environ|environb|getenv)$")


def names(path: Path) -> Iterator[str]:
    """Yield every dotted name that a module uses or imports: `time.time`, also from `from time import time`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(check: Callable[[Path], object]) -> dict[str, object]:
    """Map each module to what a check finds in it; those in which it finds nothing are left out."""
    found = {str(path.relative_to(ROOT)): check(path) for path in MODULES}
    return {module: what for module, what in found.items() if what}


def test_modules_have_fewer_than_300_lines() -> None:
    def lines(path: Path) -> int:
        count = len(path.read_text().splitlines())
        return count if count >= 300 else 0

    assert offenders(lines) == {}


def test_functions_have_fewer_than_50_lines() -> None:
    def long(path: Path) -> dict[str, int]:
        nodes = ast.walk(ast.parse(path.read_text()))
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
        return {name: lines for name, lines in lengths.items() if lines >= 50}

    assert offenders(long) == {}


def test_time_is_passed_in() -> None:
    found = offenders(lambda path: [name for name in names(path) if CLOCKS.match(name)])
    assert [module for module in found if not module.startswith(WITH_CLOCK)] == []


def test_only_settings_reads_the_environment() -> None:
    assert list(offenders(lambda path: [name for name in names(path) if ENVIRONMENT.match(name)])) == [
        "bot/settings.py"
    ]


def test_settings_are_the_same_in_code_app_json_and_docs() -> None:
    named = [setting.name for setting in SETTINGS]
    asked = json.loads((ROOT / "app.json").read_text())["env"]
    documented = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    assert list(asked) == named
    assert documented == named
    assert {name: setting["description"] for name, setting in asked.items()} == {
        setting.name: setting.help for setting in SETTINGS
    }


def test_app_json_asks_for_what_is_required_and_has_no_secret_in_it() -> None:
    asked = json.loads((ROOT / "app.json").read_text())["env"]
    assert [name for name, setting in asked.items() if setting.get("required", True)] == [
        setting.name for setting in SETTINGS if setting.required
    ]
    assert [setting.name for setting in SETTINGS if setting.secret and "value" in asked[setting.name]] == []


def test_heroku_has_graphviz_before_python_comes() -> None:
    buildpacks = [buildpack["url"] for buildpack in json.loads((ROOT / "app.json").read_text())["buildpacks"]]
    assert buildpacks == ["heroku-community/apt", "heroku/python"]
    assert "graphviz" in (ROOT / "Aptfile").read_text().split()


def test_app_json_leaves_the_database_to_the_image_and_the_host() -> None:
    assert "value" not in json.loads((ROOT / "app.json").read_text())["env"]["SWITCHYARD_DATABASE"]
    assert "SWITCHYARD_DATABASE=/data/switchyard.db" in (ROOT / "Dockerfile").read_text()


def test_what_the_image_copies_is_there_and_is_sent_to_docker() -> None:
    lines = re.findall(r"^COPY (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sources = [source for line in lines for source in line.split()[:-1]]
    assert {"bot", "renderers", "requirements/base.txt"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists() or kept_from_docker(source)] == []
    assert [path for path in (".git/config", "tests/rig.py", "switchyard.env") if not kept_from_docker(path)] == []


def kept_from_docker(path: str) -> bool:
    """Tell whether .dockerignore leaves a path out: the last line that matches it, or a folder of it, decides."""
    kept = False
    parts = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
    for line in (ROOT / ".dockerignore").read_text().split():
        if any(fnmatch(part, line.removeprefix("!")) for part in parts):
            kept = not line.startswith("!")
    return kept


def test_ci_runs_what_people_run() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make ")] == ["make lint || failed=1", "make test || failed=1"]
    assert lines[-1] == 'exit "$failed"'


def test_procfile_and_app_json_run_one_web_process_on_every_address() -> None:
    processes = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    app = json.loads((ROOT / "app.json").read_text())
    assert processes == {"web": "env HOST=0.0.0.0 python -m bot serve"}
    assert app["formation"] == {"web": {"quantity": 1}}
    assert app["env"]["HOST"]["value"] == "0.0.0.0"
    assert [check["path"] for check in app["healthchecks"]["web"]] == ["/healthz"]


def test_python_version_is_the_same_for_people_and_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["tool"]["ruff"]["target-version"] == "py311"
