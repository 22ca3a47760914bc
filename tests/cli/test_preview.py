"""`switchyard preview`: files to look at for every state, and for what was saved from the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner, Result

from bot.cli import preview_saved, previewing
from bot.cli.preview import command
from bot.domain.keeping import Keeping
from bot.domain.model import Status
from bot.domain.states import states
from bot.domain.view import CommitView, PullView
from bot.web import rollout_json
from renderers import engine
from renderers.examples.catalogue import NAMES, made
from tests.renderers.reading import flaws

Preview = Callable[..., Result]
DRAWN = {"graph.dot", "graph.mmd", "graph.txt", "graph-light.svg", "graph-dark.svg", "light.html", "dark.html"}
#: What follows from what the API does not tell: the mode, that a pull request was merged or closed, for whom it waits.
UNTOLD = ("plan-observe", "mode-plan", "merged", "plan-closed", "plan-cooldown", "in-turn", "overtaken")
LARGE = ("planned", "failed", "check-release")
REFERS = re.compile(r'(?:src|srcset|href)="([^":#]+)"')


@pytest.fixture
def preview(tmp_path: Path) -> Preview:
    def run(*arguments: str, given: bytes | None = None) -> Result:
        return CliRunner().invoke(command, [*arguments, "--out", str(tmp_path / "out")], input=given)

    return run


def saved(view: PullView | CommitView) -> bytes:
    """Write the rollouts of a view as the API answers them."""
    told = [rollout_json.rollout(walk, view.kept.get(walk.rollout.id, Keeping())) for walk in view.current]
    data = {"repository": view.repo.full_name, "rollouts": told}
    return msgspec.json.encode({"success": True, "status": 200, "traceId": "t", "data": data})


def test_a_state_is_written_as_text_pages_and_pictures(preview: Preview, tmp_path: Path) -> None:
    done = preview("--state", "failed")
    assert done.exit_code == 0, done.output
    assert done.output == f"Wrote 1 state; look at {tmp_path}/out/index.html.\n"
    folder = tmp_path / "out" / "failed-10"
    assert {file.name for file in folder.iterdir()} >= {"comment.md", "check.md", *DRAWN}
    assert "❌ Apply failed" in (folder / "comment.md").read_text()
    first, how, then, *_ = (folder / "check.md").read_text().split("\n\n")
    assert first == "# Apply failed: 6 of 10 succeeded, 1 failed, 3 blocked"
    assert how == "Conclusion: `failure`"
    assert then.startswith("Merge of")
    for theme in ("light", "dark"):
        page = (folder / f"{theme}.html").read_text()
        assert f'data-theme="{theme}"' in page
        assert "Apply failed" in page
        picture = ElementTree.parse(folder / f"graph-{theme}.svg").getroot()
        assert "database" in " ".join(picture.itertext())


def test_a_page_shows_the_picture_of_its_own_look_whatever_the_system_says(preview: Preview, tmp_path: Path) -> None:
    preview("--state", "planned")
    light, dark = ((tmp_path / "out/planned-10" / f"{theme}.html").read_text() for theme in ("light", "dark"))
    assert re.findall(r'<source media="([^"]+)" srcset="([^"]+)"', light) == [("not all", "graph-dark.svg")]
    assert re.findall(r'<source media="([^"]+)" srcset="([^"]+)"', dark) == [("all", "graph-dark.svg")]


def test_all_states_are_listed_and_every_address_leads_to_a_file(preview: Preview, tmp_path: Path) -> None:
    done = preview("--size", "1", "--size", "4")
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    folders = {folder.name for folder in out.iterdir() if folder.is_dir()}
    assert {re.sub(r"-[14]$", "", folder) for folder in folders} == set(NAMES)
    for page in out.rglob("*.html"):
        for address in REFERS.findall(page.read_text()):
            assert (page.parent / address).exists(), (page, address)
    assert folders == {address.split("/")[0] for address in REFERS.findall((out / "index.html").read_text())}


@pytest.mark.parametrize("name", NAMES)
def test_a_check_run_is_within_what_github_takes_and_parses(name: str) -> None:
    for size in (1, 60, 2_422) if name in LARGE else (1, 60):
        seen = previewing.check_run(made(name, size))
        assert "\n" not in seen.title
        assert len(seen.title) <= 200
        assert len(seen.summary) <= 65_535
        assert flaws(seen.summary) == []


@pytest.mark.parametrize(
    ("name", "conclusion"),
    [
        ("waiting", ""),
        ("no-upload", "neutral"),
        ("unaffected", "neutral"),
        ("fork", "neutral"),
        ("planning", ""),
        ("planned", "success"),
        ("plan-observe", "neutral"),
        ("plan-closed", "cancelled"),
        ("approval", "action_required"),
        ("frozen", "action_required"),
        ("failing", ""),
        ("fail-fast", "failure"),
        ("applied", "success"),
        ("check-release", "action_required"),
    ],
)
def test_a_check_run_is_concluded_as_at_github(name: str, conclusion: str) -> None:
    assert previewing.check_run(made(name)).conclusion == conclusion


def test_a_page_shows_a_check_run_as_github_does(preview: Preview, tmp_path: Path) -> None:
    preview("--state", "approval", "--state", "planning")
    page = (tmp_path / "out/approval-10/light.html").read_text()
    assert '<span class="sign going" aria-hidden="true">!</span> <b>atmos</b>' in page
    assert "a check run by switchyard[bot]: action_required" in page
    assert "<h1>Apply waits for approval: 0 of 10 succeeded, 2 waiting for approval, 8 waiting</h1>" in page
    assert "a check run by switchyard[bot]: in progress" in (tmp_path / "out/planning-10/dark.html").read_text()
    under_way = (tmp_path / "out/planning-10/check.md").read_text()
    assert "\n\nStill under way: it has no conclusion.\n\n" in under_way


def test_a_state_without_a_graph_and_a_check_run(preview: Preview, tmp_path: Path) -> None:
    preview("--state", "waiting", "--state", "check-release", "--size", "2")
    assert {"comment.md", "light.html", "dark.html"} <= {file.name for file in (tmp_path / "out/waiting").iterdir()}
    assert not (tmp_path / "out/waiting/graph.dot").exists()
    assert (tmp_path / "out/check-release-2/check.md").read_text().startswith("# Apply needs a person")


def test_a_name_that_is_none_is_answered_with_near_ones(preview: Preview, tmp_path: Path) -> None:
    done = preview("--state", "aplying")
    assert done.exit_code == 2
    assert "there is no state of this name. Did you mean applying" in done.output
    assert all(name in preview("--state", "xyz").output.replace("\n", " ") for name in NAMES)
    assert not (tmp_path / "out").exists()


def test_without_an_engine_the_comment_has_mermaid_and_that_is_said(
    preview: Preview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "engine_name", lambda: None)
    # A size that no other test draws: what was laid out before needs no engine.
    done = preview("--state", "failed", "--size", "37")
    assert done.exit_code == 0
    assert "No picture of failed-37: There is no Graphviz on this machine" in done.stderr
    folder = tmp_path / "out/failed-37"
    assert "```mermaid\nflowchart LR\n" in (folder / "comment.md").read_text()
    assert not list(folder.glob("*.svg"))


def test_what_was_saved_from_the_api_is_shown(preview: Preview, tmp_path: Path) -> None:
    file = tmp_path / "state-of-42.json"
    file.write_bytes(saved(made("failed")))
    done = preview("--from", str(file))
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    text = (tmp_path / "out/state-of-42/comment.md").read_text()
    assert "❌ Apply failed: 6 of 10 succeeded, 1 failed, 3 blocked" in text
    assert "https://github.com/acme/infra/actions/runs/19000000009" in text
    assert "The plan before the merge" in text
    assert "the job [`database in plat-ue2-prod`](https://github.com/acme/infra/actions/runs/" in text
    assert "failed at `Apply`" in text


def test_one_rollout_alone_from_standard_input(preview: Preview, tmp_path: Path) -> None:
    (one, *_) = msgspec.json.decode(saved(made("planned")))["data"]["rollouts"]
    done = preview("--from", "-", given=msgspec.json.encode(one))
    assert done.exit_code == 0, done.output
    assert "Planned: all 10 instances" in (tmp_path / "out/saved/comment.md").read_text()


@pytest.mark.parametrize("name", [name for name in NAMES if made(name, 1).current])
def test_what_is_read_back_is_what_the_api_told(name: str) -> None:
    for size in (1, 10, 60):
        view = made(name, size)
        body = saved(view)
        (read,) = preview_saved.read(body)
        assert read.differing == ()
        assert msgspec.json.decode(saved(read.view)) == msgspec.json.decode(body)
        assert type(read.view) is type(view)
        if name not in UNTOLD:
            there, here = previewing.check_run(view), previewing.check_run(read.view)
            assert (there.conclusion, there.title) == (here.conclusion, here.title)


COMMIT = f"https://github.com/acme/infra/commit/{made('check-release', 1).current[0].rollout.sha}"


@pytest.mark.parametrize(
    ("name", "title", "about"),
    [
        (
            "check-release",
            "# Apply needs a person: ",
            f"Release `v1.2` at [`3b1d9a7`]({COMMIT}), in the order of `main`",
        ),
        ("check-queue", "# Planning: ", "Merge queue: [#&#8203;42](https://github.com/acme/infra/pull/42) at "),
        (
            "check-server-run",
            "# Applying: ",
            f"Server run 3, started by somebody: [`3b1d9a7`]({COMMIT}), in the order of",
        ),
    ],
)
def test_what_has_no_pull_request_is_shown_as_its_check_run(
    preview: Preview, tmp_path: Path, name: str, title: str, about: str
) -> None:
    done = preview("--from", "-", given=saved(made(name)))
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    text = (tmp_path / "out/saved/check.md").read_text()
    assert text.startswith(title)
    assert about in text
    assert "say `/atmos" not in text
    assert not (tmp_path / "out/saved/comment.md").exists()


def test_of_one_commit_each_has_a_folder_of_its_own(preview: Preview, tmp_path: Path) -> None:
    release, queue, again = (
        msgspec.json.decode(saved(made(name, 2)))["data"]["rollouts"][0]
        for name in ("check-release", "check-queue", "check-release")
    )
    done = preview("--from", "-", given=msgspec.json.encode([release, queue, again | {"id": 99}]))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/saved-1/check.md").read_text().count("Release `v1.2`") == 1
    assert "Merge queue: " in (tmp_path / "out/saved-2/check.md").read_text()
    assert "release v1.2, read from -." in (tmp_path / "out/index.html").read_text()
    assert not (tmp_path / "out/saved-3").exists()


def test_what_does_not_follow_from_the_file_is_told(preview: Preview) -> None:
    body = msgspec.json.decode(saved(made("planned", 4)))
    body["data"]["rollouts"][0]["steps"][2] |= {"status": "waiting", "dispatches": [], "reason": None}
    done = preview("--from", "-", given=msgspec.json.encode(body))
    assert done.stderr == "plat-ue2-prod/cache: waiting in the file, shown as ready\n"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"nothing", b'{"data": 3}', b'[{"id": 1}]', b"\xff\xfe"])
def test_what_is_no_state_is_refused_in_a_sentence(preview: Preview, tmp_path: Path, body: bytes) -> None:
    done = preview("--from", "-", given=body)
    assert done.exit_code == 1
    assert re.match(r"Error: -: It (is no answer of GET /api/v1/rollouts|tells no rollout).*\.\n$", done.output)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_and_a_folder_that_cannot_be_written(preview: Preview, tmp_path: Path) -> None:
    assert preview("--from", str(tmp_path / "gone.json")).output.endswith("gone.json: No such file or directory.\n")
    assert preview("--state", "planned", "--from", "-").output.endswith("Give --state or --from, not both.\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "planned-1").write_text("a file is in the way")
    done = preview("--state", "planned", "--size", "1")
    assert done.exit_code == 1
    assert done.output == f"Error: {tmp_path}/out/planned-1 cannot be written: File exists.\n"


def test_each_status_occurs_in_an_example() -> None:
    seen = {state.status for name in NAMES for walk in made(name, 60).current for state in states(walk)}
    assert seen == set(Status)
