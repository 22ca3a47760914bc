"""`switchyard init`: what it finds, shows and writes, and that what it writes is safe and works."""

from __future__ import annotations

import hashlib
import os
import pty
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.cli.init import command
from bot.cli.initial import files, lenient
from bot.cli.initial.atmos_yaml import WANTED, edit
from bot.cli.initial.checkout import Checkout
from bot.cli.initial.files import Choices
from bot.cli.initial.globs import matches
from bot.cli.initial.planning import NotWritten, State, compare, write
from bot.cli.initial.stacks import Stacks, config, look, read
from bot.domain import pro
from bot.domain.graph import Instance
from bot.domain.pro import Phase
from bot.github import workflows
from bot.sandbox import example, expressions, workflowfile
from bot.sandbox.atmos import Configured, Model
from tests.rig import open_rig

AFFECTED = ".github/workflows/atmos-pro.yaml"
PLAN = ".github/workflows/atmos-terraform-plan.yaml"
APPLY = ".github/workflows/atmos-terraform-apply.yaml"
MIXIN = "stacks/mixins/pro.yaml"
EVERYTHING = ("--destroy", "--instances", "--merge-queue")
ON = "ci:\n  enabled: true\ntemplates:\n  settings:\n    enabled: true\n"
ATMOS = f"# ours\n{example.ATMOS_FILE.replace(example.ATMOS_FILE[example.ATMOS_FILE.index('templates:') :], '')}"

Init = Callable[..., Result]


def bare() -> dict[str, str]:
    """Write the example repository as it is before Switchyard comes."""
    ours = {path: text for path, text in example.files().items() if not path.startswith(".github/") and path != MIXIN}
    return {path: text.replace("  - mixins/pro\n", "") for path, text in ours.items()} | {"atmos.yaml": ATMOS}


def put(root: Path, tree: Mapping[str, str]) -> None:
    for path, text in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


def checked_out(root: Path, tree: Mapping[str, str], remote: str = "git@github.com:acme/infra.git") -> Path:
    """Make a checkout as git knows one, without starting git."""
    put(
        root,
        {
            ".git/HEAD": "ref: refs/heads/topic\n",
            ".git/config": f'[core]\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = {remote}\n',
            ".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/main\n",
            ".git/objects/x": "",
            **tree,
        },
    )
    return root


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return checked_out(tmp_path / "infra", bare())


@pytest.fixture
def init(repo: Path) -> Init:
    """Call the command for the checkout, without a terminal."""

    def called(*words: str, path: Path = repo) -> Result:
        return CliRunner().invoke(command, [str(path), *words])

    return called


def tree(root: Path) -> dict[str, str]:
    """Read all files of a checkout."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file() and ".git" not in path.relative_to(root).parts]
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in paths}


# What is shown and written.


def test_what_is_shown(init: Init, repo: Path, snapshot: SnapshotAssertion) -> None:
    before = tree(repo)
    shown = init("--dry-run", *EVERYTHING)
    assert shown.exit_code == 0
    assert shown.output.replace(str(repo), "/checkout") == snapshot
    assert tree(repo) == before


@pytest.mark.parametrize(
    "words", [(), ("--static-key",), ("--public-url", "https://sy.acme.io/", "--workspace-id", "it's ours")]
)
def test_what_is_left_to_do(init: Init, words: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    done = init("--yes", *words)
    assert done.exit_code == 0
    assert done.output.partition("What is left to do:")[2] == snapshot


def test_what_is_written_and_nothing_else(init: Init, repo: Path) -> None:
    before = tree(repo)
    assert init("--yes").exit_code == 0
    assert tree(repo) == before | files.workflows(Choices()) | {MIXIN: files.mixin(Choices()), "atmos.yaml": ATMOS + ON}
    assert (repo / PLAN).stat().st_mode & 0o777 == 0o644
    again = init("--yes")
    assert again.output.count("up to date") == 5
    assert "There is nothing to write." in again.output
    assert again.exit_code == 0


def test_without_a_terminal_and_without_yes_nothing_is_written(init: Init, repo: Path) -> None:
    before = tree(repo)
    done = init()
    assert done.exit_code == 1
    assert "+++ .github/workflows/atmos-pro.yaml" in done.output
    assert "Nothing is written, since nobody can be asked here." in done.output
    assert tree(repo) == before


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_at_a_terminal_it_is_asked(repo: Path, answer: str, written: bool) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    words = [sys.executable, "-m", "bot", "init", str(repo)]
    done = subprocess.run(words, stdin=theirs, capture_output=True, text=True, timeout=60, check=True)
    os.close(ours)
    os.close(theirs)
    assert "Write these 5 files?" in done.stdout
    assert ("Nothing is written." in done.stdout) is not written
    assert (repo / APPLY).exists() is written


# What is there already.


def test_another_file_is_shown_as_a_difference_and_left_whatever_was_said(init: Init, repo: Path) -> None:
    theirs = files.workflows(Choices())[PLAN].replace("ubuntu-latest", "self-hosted") + "# \x1b[31mred\n"
    put(repo, {PLAN: theirs})
    done = init("--yes")
    assert done.exit_code == 0
    assert re.search(rf"differs +{re.escape(PLAN)} +is left as it is", done.output)
    assert "-    runs-on: self-hosted\n+    runs-on: ubuntu-latest" in done.output
    assert "\x1b" not in done.output
    assert (repo / PLAN).read_text() == theirs
    assert (repo / APPLY).exists()


def test_line_ends_of_windows_make_no_difference(init: Init, repo: Path) -> None:
    crlf = files.workflows(Choices())[PLAN].replace("\n", "\r\n")
    put(repo, {PLAN: crlf, "atmos.yaml": ATMOS.replace("\n", "\r\n")})
    assert re.search(rf"up to date +{re.escape(PLAN)}", init("--yes").output)
    assert (repo / "atmos.yaml").read_bytes().decode() == (ATMOS + ON).replace("\n", "\r\n")


def link(repo: Path, path: str, target: str) -> None:
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).symlink_to(target)


IN_THE_WAY = {
    "is a symbolic link, which is not followed": lambda repo: link(repo, PLAN, "../../../outside"),
    "is a symbolic link at .github, which is not followed": lambda repo: link(repo, ".github", "../elsewhere"),
    "is no ordinary file": lambda repo: (repo / PLAN).mkdir(parents=True),
    "is larger than 64 kB": lambda repo: put(repo, {PLAN: "#" * 70_000}),
    "is not UTF-8": lambda repo: [put(repo, {PLAN: ""}), (repo / PLAN).write_bytes(b"\xff\xfe")],
    "cannot be looked at": lambda repo: put(repo, {".github": "a file"}),
}


@pytest.mark.parametrize("why", IN_THE_WAY)
def test_what_is_in_the_way_is_told_and_left(init: Init, repo: Path, why: str) -> None:
    (repo.parent / "elsewhere").mkdir()
    IN_THE_WAY[why](repo)
    done = init("--yes")
    assert done.exit_code == 1
    assert f"{why}, and is left" in done.output
    assert "Not every file is there yet" in done.output
    assert list((repo.parent / "elsewhere").iterdir()) == []
    assert not (repo.parent / "outside").exists()
    assert (repo / MIXIN).exists()


def test_stacks_that_have_settings_pro_get_no_second_mixin(init: Init, repo: Path) -> None:
    put(repo, {"stacks/mixins/atmos-pro/default.yaml": "settings:\n  pro:\n    enabled: true\n"})
    done = init("--yes")
    assert "`settings.pro` is in the stacks already: mixins/atmos-pro/default.yaml." in done.output
    assert "second pull request" not in done.output
    assert not (repo / MIXIN).exists()


def test_a_mixin_that_atmos_would_take_for_a_stack_is_told(init: Init, repo: Path) -> None:
    put(repo, {"atmos.yaml": ATMOS.replace('["plat-*.yaml"]', '["**/*"]')})
    assert 'add "mixins/**/*" to `stacks.excluded_paths`' in init("--dry-run").output


def test_its_own_mixin_is_no_stack_to_the_next_run(init: Init, repo: Path) -> None:
    put(repo, {"atmos.yaml": ATMOS.replace('["plat-*.yaml"]', '["**/*"]')})
    before, after = (re.search(r"(\d+) stacks in.*\n.*\n(.*)", init("--yes").output) for _ in range(2))
    assert before
    assert after
    assert (repo / MIXIN).exists()
    assert before.groups() == after.groups()


def test_one_small_stack_comes_before_the_file_that_all_import(init: Init, repo: Path) -> None:
    shared = {f"stacks/{stack}.yaml": "import: [_defaults]\n" for stack in example.STACKS}
    put(repo, {**shared, "stacks/_defaults.yaml": "vars: {stage: dev}\n"})
    text = init("--yes").output.partition("What is left to do:")[2]
    order = [
        "observe",
        "nothing is affected",
        "switchyard doctor",
        "one small stack",
        "plan, and",
        "merge.",
        "_defaults",
    ]
    assert sorted(order, key=text.index) == order
    assert "or at once in stacks/_defaults.yaml, which every stack imports" in text


def test_what_came_to_be_meanwhile_is_not_overwritten(repo: Path) -> None:
    checkout = Checkout(repo)
    new = compare(checkout, PLAN, "ours\n")
    changed = replace(compare(checkout, "atmos.yaml", ATMOS + ON), state=State.CHANGED)
    put(repo, {PLAN: "theirs\n", "atmos.yaml": "theirs\n"})
    for planned in (new, changed):
        with pytest.raises(NotWritten, match="has changed since it was shown; run this again"):
            write(checkout, planned)
        assert (repo / planned.path).read_text() == "theirs\n"
    (repo / PLAN).unlink()
    (repo / PLAN).symlink_to("nowhere")
    with pytest.raises(NotWritten, match="is a symbolic link"):
        write(checkout, new)
    assert sorted(path.name for path in (repo / PLAN).parent.iterdir()) == [PLAN.rpartition("/")[2]]


# What cannot be worked with.


def bomb() -> str:
    levels = "".join(f"  - &b{at} [{', '.join([f'*b{at - 1}'] * 9)}]\n" for at in range(1, 12))
    return f"bomb:\n  - &b0 x\n{levels}{ATMOS}"


REFUSED: dict[str, tuple[Mapping[str, str], str]] = {
    "no atmos.yaml": ({"atmos.yaml": ""}, "There is no atmos.yaml at the top of"),
    "elsewhere": ({"atmos.yaml": "", "rootfs/usr/local/etc/atmos/atmos.yaml": ATMOS}, "Move it to the top"),
    "no YAML": ({"atmos.yaml": "a: [\n"}, "atmos.yaml cannot be read: "),
    "deep": ({"atmos.yaml": "a: " + "[" * 20_000}, "atmos.yaml cannot be read: it has more than 1,000 brackets."),
    "deep in lines": ({"atmos.yaml": "- " * 5_000 + "\n"}, "atmos.yaml cannot be read: it is no YAML."),
    "huge": ({"atmos.yaml": "a: b\n" + "#" * 70_000}, "atmos.yaml is larger than 64 kB"),
    "outside": ({"atmos.yaml": "stacks: {base_path: ../../etc}\n"}, "lies outside of the checkout."),
    "absolute": ({"atmos.yaml": "base_path: /\nstacks: {base_path: etc}\n"}, "lies outside of the checkout."),
    "a function": ({"atmos.yaml": "stacks: {base_path: !env STACKS}\n"}, "say it by --stacks FOLDER"),
    "a template": ({"atmos.yaml": "stacks: {base_path: '{{ .x }}'}\n"}, "say it by --stacks FOLDER"),
    "odd": ({"atmos.yaml": 'stacks: {base_path: "a\\eb"}\n'}, "say it by --stacks FOLDER"),
    "a list": ({"atmos.yaml": "- a\n"}, "say it by --stacks FOLDER"),
    "no folder": ({"atmos.yaml": "stacks: {base_path: there}\n"}, "There is no folder there for the stacks here"),
    "branch": ({".git/refs/remotes/origin/HEAD": "ref: refs/remotes/origin/a]b\n"}, "Name another by --base-branch"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_worked_with_is_told_in_a_sentence(init: Init, repo: Path, case: str) -> None:
    given, sentence = REFUSED[case]
    put(repo, given)
    for path, text in given.items():
        if not text:
            (repo / path).unlink()
    before = tree(repo)
    done = init("--yes")
    assert done.exit_code == 1
    assert sentence in done.output
    assert len(done.output.splitlines()) == 1
    assert tree(repo) == before


def test_a_yaml_bomb_is_read_in_no_time_and_edited_by_hand(init: Init, repo: Path) -> None:
    put(repo, {"atmos.yaml": bomb(), "stacks/bomb.yaml": bomb().replace("bomb:", "vars:")})
    done = init("--yes")
    assert done.exit_code == 0
    assert "Add to atmos.yaml, by hand: `ci: { enabled: true }`" in done.output
    assert (repo / "atmos.yaml").read_text() == bomb()


def test_a_linked_atmos_yaml_or_folder_of_stacks_is_not_followed(init: Init, repo: Path) -> None:
    (repo / "stacks").rename(repo.parent / "stacks")
    (repo / "stacks").symlink_to("../stacks")
    assert "The stacks' folder stacks is a symbolic link, which is not followed." in init("--yes").output
    (repo / "atmos.yaml").rename(repo.parent / "atmos.yaml")
    (repo / "atmos.yaml").symlink_to("../atmos.yaml")
    assert "atmos.yaml is a symbolic link, which is not followed, so" in init("--yes").output


def test_it_wants_the_top_of_a_checkout(init: Init, repo: Path) -> None:
    assert "GitHub only looks for workflow files at its top" in init(path=repo / "stacks").output
    assert "is no git checkout that can be read (fatal: not a git repository" in init(path=repo.parent).output
    assert "There is no folder" in init(path=repo / "there").output
    assert "is no folder" in init(path=repo / "atmos.yaml").output


@pytest.mark.parametrize(
    "words", [("--environment", 'x"\ny: z'), ("--atmos-version", "latest"), ("--atmos-version", "1.2.3\nx")]
)
def test_what_would_be_written_into_a_file_is_checked(init: Init, words: tuple[str, ...]) -> None:
    done = init("--yes", *words)
    assert done.exit_code == 2
    assert f"Invalid value for {words[0]}" in done.output


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://x-token:secret@github.com/acme/infra.git", "https://github.com/acme/infra/settings/environments"),
        ("https://ghe.acme.io/acme/infra", "gh variable set ATMOS_PRO_BASE_URL --repo ghe.acme.io/acme/infra"),
        ("ssh://git@ghe.acme.io:2222/acme/infra.git", "https://ghe.acme.io/acme/infra/settings/variables/actions"),
        ("../infra", "switchyard doctor --repo OWNER/REPO"),
        ("https://[github.com/acme/infra", "switchyard doctor --repo OWNER/REPO"),
        ("https://github.com/acme/$(rm -r ~)", "switchyard doctor --repo OWNER/REPO"),
    ],
)
def test_the_repository_is_known_by_its_remote(tmp_path: Path, init: Init, remote: str, shown: str) -> None:
    done = init("--yes", path=checked_out(tmp_path / "other", bare(), remote))
    assert shown in done.output
    assert "secret@" not in done.output


def test_without_the_remotes_word_the_branch_is_a_guess(init: Init, repo: Path) -> None:
    (repo / ".git/refs/remotes/origin/HEAD").unlink()
    assert "default branch topic (a guess: the one that is checked out)" in init("--dry-run").output
    body = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nBegin\n"
    commit = b"commit %d\0%b" % (len(body), body)
    sha = hashlib.sha1(commit).hexdigest()
    put(repo, {".git/refs/heads/master": f"{sha}\n", f".git/objects/{sha[:2]}/{sha[2:]}": ""})
    (repo / f".git/objects/{sha[:2]}/{sha[2:]}").write_bytes(zlib.compress(commit))
    assert "default branch master (a guess by its name)" in init("--dry-run").output
    done = init("--yes", "--base-branch", "on")
    assert "default branch on (as you say)" in done.output
    assert yaml.load((repo / AFFECTED).read_text(), yaml.BaseLoader)["on"]["pull_request"]["branches"] == ["on"]
    assert 'branches: ["on"]' in (repo / AFFECTED).read_text()


# Reading stacks.


def looked(tree: Mapping[str, str], included: str = '["orgs/**/*"]') -> Stacks:
    told = config(lenient.load(f'stacks: {{base_path: stacks, included_paths: {included}, excluded_paths: ["**/_*"]}}'))
    return look(told, {path: read(text) for path, text in tree.items()})


DEFAULTS = "import:\n- mixins/tags\nvars:\n  tenant: plat\n"


def test_what_a_stack_sets_is_found_through_its_imports() -> None:
    found = looked(
        {
            "orgs/acme/_defaults.yaml": DEFAULTS,
            "orgs/acme/dev/ue2.yaml": "import:\n  - path: ../_defaults\n  - mixins/stage/dev\n",
            "orgs/acme/prod/ue2.yaml": "import:\n  - orgs/acme/_defaults\n  - mixins/stage/*\nvars: {stage: prod}\n",
            "mixins/stage/dev.yaml": "vars:\n  stage: dev # of developers\n",
            "mixins/tags.yaml": "components:\n  terraform:\n{{ range .x }}\n    {{ . }}: {}\n{{ end }}\n",
        }
    )
    assert found.roots == ("orgs/acme/dev/ue2.yaml", "orgs/acme/prod/ue2.yaml")
    assert (found.variable, found.values, found.without) == ("stage", ("dev", "prod"), ())
    assert found.shared == "orgs/acme/_defaults.yaml"
    assert found.unread == ()


@pytest.mark.parametrize(
    ("stacks", "variable", "values", "without"),
    [
        (("vars: {environment: dev}", "vars: {environment: prod}"), "environment", ("dev", "prod"), 0),
        (("vars: {stage: dev}", "vars: {environment: prod}"), "stage", ("dev",), 1),
        (("vars: {stage: dev, env: d}", "vars: {env: p}"), "env", ("d", "p"), 0),
        (("vars: {stage: dev}", "import: [catalog/{{ .x }}]"), "stage", ("dev",), 0),
        (("vars: {stage: dev}", "import: ['https://example.com/x.yaml']"), "stage", ("dev",), 0),
        (("vars: {stage: '{{ .settings.x }}'}",), "stage", (), 0),
        (("terraform:\n  vars:\n    stage: dev\n",), "stage", ("dev",), 0),
        (("vars: {stage: !env STAGE}",), "", (), 0),
        (("vars: {stage: [dev]}",), "", (), 0),
        (("vars: [",), "", (), 0),
        (("vars: {stage: dev}\n---\n",), "stage", ("dev",), 0),
        (("import: [orgs/0]",), "", (), 0),
        ((), "", (), 0),
    ],
)
def test_which_variable_names_the_environment(
    stacks: tuple[str, ...], variable: str, values: tuple[str, ...], without: int
) -> None:
    found = looked({f"orgs/{at}.yaml": text for at, text in enumerate(stacks)})
    assert (found.variable, found.values, len(found.without)) == (variable, values, without)


def test_without_a_variable_each_stack_has_an_environment_of_its_own(init: Init, repo: Path) -> None:
    for stack in example.STACKS:
        put(repo, {f"stacks/{stack}.yaml": "import: []\n"})
    assert "one for each stack, since no variable was found" in init("--yes").output
    assert 'github_environment: "{{ .atmos_stack }}"' in (repo / MIXIN).read_text()


def test_an_environment_of_ones_own(init: Init, repo: Path) -> None:
    named = "{{ .vars.tenant }}-{{ .vars.stage }}"
    assert f"Environments: `{named}`, as you say." in init("--yes", "--environment", named).output
    assert yaml.safe_load((repo / MIXIN).read_text())["settings"]["pro"]["pull_request"]["merged"] == {
        "workflows": {
            "atmos-terraform-apply.yaml": {
                "inputs": {
                    "component": "{{ .atmos_component }}",
                    "stack": "{{ .atmos_stack }}",
                    "github_environment": named,
                }
            }
        }
    }


def test_odd_files_among_the_stacks_are_named_and_passed_over(init: Init, repo: Path) -> None:
    put(
        repo,
        {"stacks/a\nb.yaml": "vars: [", "stacks/huge.yaml": "#" * 300_000, "stacks/deep.yaml": "vars: " + "[" * 9_000},
    )
    (repo / "stacks/loop.yaml").symlink_to("loop.yaml")
    (repo / "stacks/up").symlink_to("..")
    done = init("--yes")
    assert done.exit_code == 0
    assert "counts as far as it was: huge.yaml, a�b.yaml, deep.yaml." in done.output
    assert "3 stacks in 16 files" in done.output


def test_of_very_many_files_the_first_are_looked_at(init: Init, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.initial.survey.MOST_FILES", 5)
    assert "There are more files than these 5; the others were not looked at." in init("--dry-run").output


def test_the_mixin_goes_where_mixins_are(init: Init, repo: Path) -> None:
    put(repo, {"stacks/orgs/acme/mixins/x/tags.yaml": "vars: {}\n"})
    assert "`- orgs/acme/mixins/pro` under `import:` in one small stack" in init("--yes").output
    assert (repo / "stacks/orgs/acme/mixins/pro.yaml").exists()


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("orgs/a/b.yaml", "orgs/**/*", True),
        ("orgs/b.yaml", "orgs/**/*", True),
        ("orgs/b.yaml", "**/*.yaml", True),
        ("orgs/a/_defaults.yaml", "**/_defaults.yaml", True),
        ("a/b.yaml", "*.yaml", False),
        ("orgs/a.yaml", "{orgs,teams}/*.{yaml,yml}", True),
        ("other/a.yaml", "{orgs,teams}/*", False),
        ("a/" * 60 + "b", "/".join(["**"] * 60) + "/c", False),
        ("a" * 200, "*a" * 60 + "b", False),
        ("a", "{a,b}" * 99, False),
    ],
)
def test_patterns(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


# atmos.yaml.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: b\n", f"a: b\n{ON}"),
        ("a: b # no line end", f"a: b # no line end\n{ON}"),
        ("---\na: b\n", f"---\na: b\n{ON}"),
        (ON, ON),
        (
            "ci:\n    # checks\n    checks: {enabled: true}\n"
            "templates:\n  settings:\n    gomplate: # later\n      timeout: 5\n",
            "ci:\n    enabled: true\n    # checks\n    checks: {enabled: true}\n"
            "templates:\n  settings:\n    enabled: true\n    gomplate: # later\n      timeout: 5\n",
        ),
        ("ci:\ntemplates: # none\n", "ci:\n  enabled: true\ntemplates: # none\n  settings:\n    enabled: true\n"),
        ("  a: b\n", "  a: b\n  ci:\n    enabled: true\n  templates:\n    settings:\n      enabled: true\n"),
        (
            "ci: {enabled: True}\na: |\n  text\n",
            "ci: {enabled: True}\na: |\n  text\ntemplates:\n  settings:\n    enabled: true\n",
        ),
    ],
)
def test_lines_are_put_into_atmos_yaml(before: str, after: str) -> None:
    edited = edit(before)
    assert (edited.text, edited.by_hand) == (after, ())
    assert edit(after).text == after


NAMES = st.sampled_from(["ci", "templates", "settings", "enabled", "other"])
LEAVES = st.sampled_from([None, True, False, "text", "two\nlines\n", [], ["a"]])
ANY = st.recursive(LEAVES, lambda below: st.dictionaries(NAMES, below, max_size=3), max_leaves=8)


def at(held: Any, path: tuple[str, ...]) -> Any:
    return held if not path else at(held.get(path[0]), path[1:]) if isinstance(held, dict) else None


def with_path(held: Any, path: tuple[str, ...]) -> Any:
    """Add a path that is true to what is held, where something else is not in its way."""
    if not path:
        return True if held is None else held
    if not isinstance(held, dict | None):
        return held
    return {**(held or {}), path[0]: with_path((held or {}).get(path[0]), path[1:])}


@settings(max_examples=30)
@given(st.dictionaries(NAMES, ANY, min_size=1, max_size=3), st.sampled_from([None, False]), st.integers(2, 4))
def test_whatever_is_in_atmos_yaml_stays(held: dict[str, Any], flow: bool | None, indent: int) -> None:
    edited = edit(yaml.safe_dump(held, default_flow_style=flow, indent=indent))
    now = yaml.safe_load(edited.text)
    on = [path for path in WANTED if at(now, path) is True]
    for path in on:
        held = with_path(held, path)
    assert now == held
    assert len(edited.by_hand) == len(WANTED) - len(on)


BY_HAND = "by hand: `ci: { enabled: true }`"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (
            f"ci:\n  enabled: false\n{ON.partition('templates')[1]}:\n  settings:\n    enabled: true\n",
            "it is false there",
        ),
        ("{ci: {}, templates: {settings: {enabled: true}}}\n", BY_HAND),
        ("ci: {checks: {}}\ntemplates: {settings: {enabled: true}}\n", BY_HAND),
        ("ci: [enabled]\ntemplates: {settings: {enabled: true}}\n", "it is of another kind (`ci`) there"),
        ("ci: {enabled: !env CI}\ntemplates: {settings: {enabled: true}}\n", "it is something else there"),
        ("a: &a\n  b: c\nci: *a\ntemplates: {settings: {enabled: true}}\n", BY_HAND),
        ("templates: {settings: {enabled: true}}\na: |+\n  text", BY_HAND),
        ("templates: {settings: {enabled: true}}\n...\n", BY_HAND),
        ('templates: {settings: {enabled: true}}\na: "open\n  text"\n? ci\n: {}\n', BY_HAND),
    ],
)
def test_what_cannot_be_put_in_safely_is_told_and_the_text_left(before: str, told: str) -> None:
    edited = edit(before)
    assert edited.text == before
    (sentence,) = edited.by_hand
    assert told in sentence


# What is written is safe, and works.


@pytest.mark.parametrize("words", [EVERYTHING, (*EVERYTHING, "--static-key")], ids=["oidc", "key"])
def test_the_files_pass_zizmor_and_the_schema_of_workflows(init: Init, repo: Path, words: tuple[str, ...]) -> None:
    assert init("--yes", *words).exit_code == 0
    paths = sorted(str(path) for path in (repo / ".github/workflows").iterdir())
    assert len(paths) == 5
    zizmor = [
        str(Path(sys.executable).parent / "zizmor"),
        "--offline",
        "--no-config",
        "--no-progress",
        "--strict-collection",
    ]
    audit = subprocess.run([*zizmor, *paths], capture_output=True, text=True, timeout=60, check=False)
    assert audit.returncode == 0, audit.stdout
    schema = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.github-workflows", *paths])
    assert schema.exit_code == 0, schema.output


def parsed(choices: Choices) -> dict[str, dict[str, Any]]:
    """Read the workflow files, each scalar as text."""
    return {
        path.rpartition("/")[2]: yaml.load(text, yaml.BaseLoader) for path, text in files.workflows(choices).items()
    }


ALL = Choices(destroy=True, instances=True, merge_queue=True)


@pytest.mark.parametrize("static_key", [False, True], ids=["oidc", "key"])
@pytest.mark.parametrize("name", parsed(ALL))
def test_each_file_keeps_the_rules(name: str, static_key: bool) -> None:
    file = parsed(replace(ALL, static_key=static_key))[name]
    ((_, job),) = file["jobs"].items()
    checkout, *steps = job["steps"]
    # Beside a key, only the jobs that run Terraform have an identity, for the cloud.
    vouched = {"id-token": "write"} if not static_key or "terraform" in name else {}
    assert file["permissions"] == {}
    assert job["permissions"] == {"contents": "read"} | vouched
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", checkout["uses"])
    assert checkout["with"]["persist-credentials"] == "false"
    assert "concurrency" not in file.keys() | job.keys()
    # Nothing that somebody else may choose becomes part of a script.
    assert [step["run"] for step in steps if "${{" in step["run"]] == []
    known_by = ("ATMOS_PRO_WORKSPACE_ID", "${{ vars.ATMOS_PRO_WORKSPACE_ID }}")
    if static_key:
        known_by = ("ATMOS_PRO_TOKEN", "${{ secrets.SWITCHYARD_KEY }}")
    assert steps[-1]["env"].items() >= {("ATMOS_PRO_BASE_URL", "${{ vars.ATMOS_PRO_BASE_URL }}"), known_by}
    if "workflow_dispatch" in file["on"] and "inputs" in file["on"]["workflow_dispatch"]:
        assert checkout["with"]["ref"] == "${{ inputs.sha }}"
        assert "${{ inputs.atmos_pro_run_id }}" in file["run-name"]
        assert '"$COMPONENT" -s "$STACK"' in steps[-1]["run"]
        assert ("-lock=false" in steps[-1]["run"]) is (name == files.PLAN)
        assert ("-lock-timeout=" in steps[-1]["run"]) is (name != files.PLAN)


def test_a_key_is_a_secret_and_has_no_workspace_beside_it() -> None:
    for path, text in files.workflows(Choices(static_key=True, instances=True, destroy=True)).items():
        assert "ATMOS_PRO_TOKEN: ${{ secrets.SWITCHYARD_KEY }}" in text
        assert "WORKSPACE_ID" not in text
        assert ("id-token" in text) is ("terraform" in path)


@pytest.mark.parametrize(
    ("event", "runs"),
    [
        ({"action": "opened", "pull_request": {"head": {"repo": {"full_name": "acme/infra"}}}}, True),
        ({"action": "opened", "pull_request": {"head": {"repo": {"full_name": "eve/infra"}}}}, False),
        ({"action": "opened", "pull_request": {"head": {"repo": None}}}, False),
        ({"action": "closed", "pull_request": {"merged": False, "head": {"repo": {"full_name": "acme/infra"}}}}, False),
        ({"action": "closed", "pull_request": {"merged": True, "head": {"repo": {"full_name": "acme/infra"}}}}, True),
        ({"action": "closed", "pull_request": {"merged": True, "head": {"repo": {"full_name": "eve/infra"}}}}, False),
    ],
)
@pytest.mark.parametrize("queue", [False, True])
def test_what_uploads_affected_stacks_runs_for_no_fork(event: dict[str, Any], runs: bool, queue: bool) -> None:
    file = workflowfile.parse(AFFECTED, files.workflows(Choices(merge_queue=queue))[AFFECTED])
    github = {"event": event, "event_name": "pull_request", "repository": "acme/infra"}
    assert expressions.condition(file.jobs[0].condition, {"github": github}) is runs
    assert file.starts_on("pull_request", event["action"], "main", {})
    assert not file.starts_on("pull_request", "labeled", "main", {})
    assert file.starts_on("merge_group", "checks_requested", "main", {}) is queue
    if queue:
        github |= {"event": {"merge_group": {}}, "event_name": "merge_group"}
        assert expressions.condition(file.jobs[0].condition, {"github": github}) is True


def filled(mixin: str, stack: str, component: str) -> dict[str, Any]:
    """Fill the templates of a mixin as the CLI does."""
    values = {".atmos_component": component, ".atmos_stack": stack, ".vars.stage": stack.rpartition("-")[2]}
    for name, value in values.items():
        mixin = mixin.replace("{{ " + name + " }}", value)
    settings: dict[str, Any] = yaml.safe_load(mixin)["settings"]["pro"]
    return settings


ACTIVITIES = {
    **{f"pull_request.{action}": files.PLAN for action in ("opened", "synchronize", "reopened", "ready_for_review")},
    "merge_group.checks_requested": files.PLAN,
    "pull_request.merged": files.APPLY,
    "pull_request.deleted": files.DESTROY,
}


@pytest.mark.parametrize("activity", ACTIVITIES)
def test_each_activity_of_the_mixin_gives_its_file_what_it_takes(activity: str) -> None:
    sha, instance = "8c0ffee1d5a3b7e9f2c4d6a8b0e1f3a5c7d9e2b4", Instance("plat-ue2-prod", "vpc")
    (call,) = pro.calls(filled(files.mixin(ALL), *instance), activity, instance=instance, sha=sha)
    assert call.workflow == ACTIVITIES[activity]
    text = files.workflows(ALL)[f".github/workflows/{call.workflow}"]
    file = workflows.parse(call.workflow, text.encode(), on_default_branch=True)
    applies = call.workflow != files.PLAN
    sent = pro.final_inputs(call, file, sha=sha, dispatch_id="sy-1", phase_is_apply=applies)
    assert file.run_name_has_id
    assert (pro.phase(activity) is Phase.PLAN) is not applies
    assert sent == {
        "atmos_pro_run_id": "sy-1",
        "sha": sha,
        "component": "vpc",
        "stack": "plat-ue2-prod",
        **({"github_environment": "prod"} if applies else {}),
    }


async def test_a_repository_with_these_files_is_planned_and_applied_in_order(
    init: Init, repo: Path, tmp_path: Path
) -> None:
    assert init("--yes").exit_code == 0
    needs, stack = {"vpc": (), "database": ("vpc",)}, "plat-ue2-prod"
    written = Model(
        {
            (stack, component): Configured(
                settings={"pro": filled((repo / MIXIN).read_text(), stack, component)},
                needs=tuple((stack, need) for need in below),
                path=f"components/terraform/{component}",
            )
            for component, below in needs.items()
        }
    )
    async with open_rig(
        tmp_path, model=written, files=tree(repo), reviewers={"prod": ["lead"]}, oidc=True, statuses=True
    ) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert (await rig.statuses(pull))[f"{stack}/vpc"] == "approval"
        while waiting := [run for run in rig.runs() if run.status == "waiting"]:
            for run in waiting:
                rig.hub.approve(run.id, "prod", "lead")
            await rig.until_quiet()
        assert rig.dispatched() == [f"{verb} {stack}/{component}" for verb in ("plan", "apply") for component in needs]
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        results = [{step["result"] for step in rollout["steps"]} for rollout in await rig.state(pull)]
        assert results == [{"applied"}, {"changes", "no changes"}]
