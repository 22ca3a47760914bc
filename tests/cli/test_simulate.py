"""`switchyard simulate`: what an upload would do, as people and machines read it."""

import json
import re

import pytest
from click.testing import CliRunner
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from bot.cli.simulate import command
from bot.sandbox import example
from bot.sandbox.atmos import Configured, describe_affected, encode, upload_body

SHAS = {"head_sha": "5f2d4c0a9b7e4c1d8a3b6e5f4d2c1b0a9f8e7d6c", "base_sha": "0c1b2a3948576655443322110ffeeddccbbaa998"}
DEV = "plat-ue2-dev"


class Text(SingleFileSnapshotExtension):
    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def saved(snapshot):
    return snapshot.use_extension(Text)


@pytest.fixture
def run(tmp_path):
    def simulate(content, *arguments):
        file = tmp_path / "upload.json"
        file.write_bytes(content if isinstance(content, bytes) else encode(content))
        return CliRunner().invoke(command, [str(file), *arguments])

    return simulate


def whole():
    gone = {(DEV, "legacy"): Configured({})}
    items = describe_affected(example.example(), [(DEV, "vpc"), (DEV, "object-storage")], gone)
    return upload_body(items, repo="acme/infra", **SHAS)


def pro(**more):
    return {"settings": {"pro": example.settings_pro("c", "s") | more}}


def item(component, *dependents, **more):
    return {"component": component, "stack": "s", "dependents": list(dependents)} | more


def troubled():
    """Cycles, a refused name, settings that cannot be sent, and instances that are passed through."""
    bad = pro(pull_request={"synchronize": {"workflows": {"plan.yaml": {"inputs": {"x": "{{ .vars.x }}"}}}}})
    return [
        item(
            "root",
            item("off", item("leaf", **pro()), **pro(enabled=False)),
            item("plain", item("leaf", **pro())),
            **pro(),
        ),
        item("a", item("b", item("c", item("a", **pro()), item("after", **pro()), **pro()), **pro()), **pro()),
        item("self", item("self", **pro()), **pro()),
        item("no good", **pro()),
        item("unfilled", item("child", **pro()), **bad),
        item("quiet", **pro(pull_request={})),
    ]


def without_picture(text):
    return re.sub(r"(?s)(?<=```mermaid\n).*?(?=```)", "(the picture)\n", text)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_example(run, saved, form):
    result = run(whole(), "--format", form)
    assert result.exit_code == 0
    assert without_picture(result.output) == saved


def test_the_example_drawn(run):
    mermaid = run(whole(), "--format", "mermaid").stdout
    assert mermaid.startswith("flowchart")
    assert mermaid in run(whole(), "--format", "markdown").output
    dot = run(whole(), "--format", "dot").stdout
    assert dot.startswith("digraph")
    for name in example.NEEDS:
        assert f"<b>{name}</b>" in mermaid
        assert f"<b>{name}</b>" in dot


def test_the_example_merged(run, saved):
    assert run(whole(), "--activity", "pull_request.merged").output == saved


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_what_a_failure_would_block(run, saved, form):
    result = run(whole(), "--fail", f"{DEV}/cluster", "--fail", f"{DEV}/database", "--format", form)
    assert result.exit_code == 0
    assert without_picture(result.output) == saved


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_trouble_is_told_and_the_rest_goes_on(run, saved, form):
    result = run(troubled(), "--format", form)
    assert result.exit_code == 0
    assert without_picture(result.output) == saved


def test_nothing_changed(run, saved):
    assert run(upload_body([], repo="acme/infra", **SHAS)).output == saved


def test_a_list_without_settings_says_what_is_missing(run, saved):
    assert run([item("vpc"), item("db")]).output == saved


def test_a_list_for_other_activities_says_which(run):
    merged = {"workflows": {"apply.yaml": {}}}
    content = [
        item("vpc", **pro(pull_request={"merged": merged, "opened": merged, "closed": {}})),
        item("db", **pro(enabled=False, pull_request={"labeled": merged})),
        item("plain"),
    ]
    note = "The file names no workflow for release.published. It names pull_request.merged, pull_request.opened."
    arguments = ("--activity", "release.published")
    assert run(content, *arguments).stdout.splitlines()[1] == note
    assert json.loads(run(content, *arguments, "--format", "json").stdout)["notes"] == [note]
    nothing = run([item("db", **pro(enabled=False))])
    assert nothing.stdout.splitlines()[1] == "The file names no workflow for pull_request.synchronize."


@pytest.mark.parametrize("form", ["dot", "mermaid", "svg"])
def test_notes_do_not_spoil_a_picture(run, form):
    part = whole() | {"batch_id": "x", "batch_index": 1, "batch_total": 3}
    result = run(part, "--format", form)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "This is part 2 of 3 of an upload; the rest is missing here.",
        "The workflow files are not looked at here: that they exist and declare these inputs is assumed.",
    ]
    assert "This is part" not in result.stdout


def test_one_chunk_is_called_one_chunk(run):
    part = whole() | {"batch_id": "x", "batch_index": 1, "batch_total": 3}
    assert "This is part 2 of 3 of an upload; the rest is missing here." in run(part).output


def test_calls_are_sent_in_order_and_complete(run):
    dispatches = json.loads(run(whole(), "--format", "json", "--activity", "pull_request.merged").output)["dispatches"]
    place = {call["component"]: number for number, call in enumerate(dispatches)}
    assert all(place[need] < place[component] for component, needs in example.NEEDS.items() for need in needs)
    assert dispatches[place["vpc"]] == {
        "stack": DEV,
        "component": "vpc",
        "workflow": "atmos-terraform-apply.yaml",
        "ref": "<base branch>",
        "inputs": {
            "atmos_pro_run_id": "<dispatch id>",
            "component": "vpc",
            "github_environment": "dev",
            "sha": "<merge commit>",
            "stack": DEV,
        },
    }


@pytest.mark.parametrize(
    ("activity", "ref", "sha"),
    [
        ("pull_request.opened", "<head branch>", SHAS["head_sha"]),
        ("merge_group.checks_requested", "<merge queue branch>", SHAS["head_sha"]),
        ("pull_request.merged", "<base branch>", "<merge commit>"),
    ],
)
def test_where_calls_would_run(run, activity, ref, sha):
    told = json.loads(run(whole(), "--format", "json", "--activity", activity).output)
    assert {(call["ref"], call["inputs"]["sha"]) for call in told["dispatches"]} == {(ref, sha)}


def test_slashes_in_both_names_are_told_apart_by_what_is_known(run):
    content = [{"component": "b/c", "stack": "x/y", "dependents": [item("d", **pro())], **pro()}]
    told = json.loads(run(content, "--fail", "x/y/b/c", "--format", "json").output)
    assert {step["component"]: step["status"] for step in told["steps"]} == {"b/c": "failed", "d": "blocked"}


def test_svg_is_a_picture(run):
    result = run(whole(), "--format", "svg")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"<svg")
    assert b"load-balancer" in result.stdout_bytes


def test_standard_input():
    assert "10 instances" in CliRunner().invoke(command, ["-"], input=encode(example_without_deleted())).output


def example_without_deleted():
    return describe_affected(example.example(), [(DEV, "vpc"), (DEV, "object-storage")])


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"", [], "The upload is not JSON"),
        (b"{}", [], "$.stacks: missing"),
        (b"[{}]", [], "$[0].component: missing; $[0].stack: missing"),
        (b"[3, 4, 5, 6, 7]", [], "$[2]: expected an object, got a number and 2 more"),
        ("[]".encode("utf-16"), [], "looks like UTF-16; save it as UTF-8."),
        ("[]".encode("utf-16-le"), [], "looks like UTF-16; save it as UTF-8."),
        ("[]".encode("utf-16-be"), [], "looks like UTF-16; save it as UTF-8."),
        (b"[" * 50_000, [], "nested too deeply"),
        (b"[]", ["--format", "mermaid"], "nothing to draw"),
        (b"[]", ["--activity", "merged"], "`merged` is no activity; it looks like pull_request.merged."),
        (whole(), ["--fail", f"{DEV}/clustr"], f"is called {DEV}/clustr. Did you mean {DEV}/cluster"),
        (whole(), ["--fail", "zzz"], "No instance of the upload is called zzz."),
        ([item("quiet")], ["--fail", "s/quiet"], "s/quiet has nothing to run for pull_request.synchronize"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(run, content, arguments, said):
    result = run(content, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert result.output.count("\n") == 1


def test_a_file_that_is_not_there_or_a_folder(tmp_path):
    for path, said in ((tmp_path / "none.json", "No such file or directory"), (tmp_path, "Is a directory")):
        result = CliRunner().invoke(command, [str(path)])
        assert (result.exit_code, result.output) == (2, f"Error: {path}: {said}.\n")
