"""requirements/*.txt: they hold what pyproject.toml asks for, with hashes and without addresses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BASE = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
DEMO = BASE + PROJECT["project"]["optional-dependencies"]["demo"]
ASKED = {"base": BASE, "demo": DEMO, "dev": DEMO + PROJECT["dependency-groups"]["dev"]}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> list[str]:
    """List the requirements of a lock, each on one line with its hashes."""
    text = (ROOT / f"requirements/{lock}.txt").read_text().replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(lock: str) -> dict[str, str]:
    """Read package -> version."""
    found = [re.match(r"([\w.-]+)==([\w.]+) ", entry) for entry in entries(lock)]
    return {plain(pin[1]): pin[2] for pin in found if pin}


@pytest.mark.parametrize("lock", ASKED)
def test_lock_holds_what_the_project_asks_for(lock: str) -> None:
    asked = [Requirement(text) for text in ASKED[lock]]
    locked = pins(lock)
    stale = [str(one) for one in asked if not one.specifier.contains(locked.get(plain(one.name), "0"))]
    assert stale == [], "run make lock"


@pytest.mark.parametrize("lock", ASKED)
def test_every_line_is_a_pin_with_hashes_and_no_address(lock: str) -> None:
    lines = entries(lock)
    assert len(pins(lock)) == len(lines)
    assert [line for line in lines if "--hash=sha256:" not in line or "://" in line or "--index" in line] == []


def test_the_locks_agree() -> None:
    assert pins("base").items() <= pins("demo").items() <= pins("dev").items()
