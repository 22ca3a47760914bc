"""What people wrote after a command comes back as text: whatever it is, nothing of it acts, and nothing breaks."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.domain.commands.asked import groups
from bot.domain.commands.parsing import read
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import Command, Line, Receipt
from bot.domain.model import Status
from bot.domain.states import states
from bot.domain.targets import BadTarget, select
from renderers.receipts import receipts
from renderers.room import Room
from renderers.scene import Scene
from tests.renderers.reading import flaws
from tests.renderers.world import NOON, environment, view, walk

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
WALK = walk(environment("dev"), facts={("dev", "api"): {"status": Status.FAILED}})
SCENE = Scene(view(WALK), WALK, states(WALK))
HOSTILE = (
    *(
        "../../../etc/passwd",
        "dev/../../x",
        "$(id)",
        "`id`",
        "${{secrets.KEY}}",
        "{{.atmos_stack}}",
        ";rm",
        "\\",
        "\\`",
    ),
    *("[a](https://evil.example)", "![a](https://evil.example/a.png)", "<https://evil.example>", "www.evil.example"),
    *("https://evil.example", "[x]:", "@acme/admins", "@dora", "#1", "acme/infra#1", "GH-1", "</code>", "</details>"),
    *("<img/src=x>", "<script>alert(1)</script>", "<!--", "-->", "<details>", "&lt;b&gt;", "|", "||", "\\|", "|---|"),
    *("```", "``", "`", "~~~", "**b**", "__b__", "~~b~~", "- a", "1. a", "# a", "> a", "$$x$$", ":rocket:", "\x00"),
    *(
        "\u202eprod",
        "\u2066a\u2069",
        "\u200b",
        "\u200f",
        "\u2028",
        "\x1b[31m",
        "\ufeff",
        "é",
        "👩‍💻",
        "a" * 300,
        "_" * 80,
    ),
)
UNSEEN = set("\u202e\u2066\u2069\u200f\u2028\x1b\x00\ufeff")
#: What a receipt may be made of, to a Markdown parser.
BLOCKS = {"paragraph", "bullet_list", "list_item", "inline"}
INLINE = {"text", "code_inline", "html_inline", "softbreak", "strong_open", "strong_close"}


def receipt(line: Line) -> Receipt:
    """Make the receipt of a line: it is refused where it or a target means nothing."""
    if not isinstance(line.meant, Command):
        return Receipt("comment:1", 0, "dora", line.written, NOON, NOON, False, line.meant.problem)
    done, sentence = True, f"Locked: {line.meant.text}." if line.meant.text else "Done."
    try:
        select(line.meant.targets, [step.instance for step in WALK.steps], groups(WALK.steps, SCENE.found))
    except BadTarget as problem:
        done, sentence = False, str(problem)
    return Receipt("comment:1", 0, "dora", line.written, NOON, NOON, done, sentence, line.meant)


def shown(one: Receipt) -> str:
    return receipts((one,), SCENE, NOON, Room(60_000))


def acts(text: str) -> list[str]:
    """List what is in a text that would act, or that nothing of ours is made of, to a Markdown parser."""
    tokens = READER.parse(text)
    blocks = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    inline = [child for token in tokens for child in token.children or ()]
    html = {child.content for child in inline if child.type == "html_inline"}
    odd = (blocks - BLOCKS) | ({child.type for child in inline} - INLINE) | (html - {"<code>", "</code>", "<br>"})
    items = sum(token.type == "list_item_open" for token in tokens)
    return [*flaws(text), *sorted(odd), *([] if items == 1 else [f"{items} items of the list"])]


ARGUMENTS = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), max_size=4).map(" ".join)
NAMES = st.one_of(st.sampled_from(sorted(SPECS)), st.sampled_from(HOSTILE))


@given(NAMES, ARGUMENTS)
@example("why", " ".join(HOSTILE))
@example("lock", "dev/api " + " ".join(HOSTILE))
def test_whatever_follows_a_command_comes_back_as_text(name: str, arguments: str) -> None:
    for line in read(f"/atmos {name} {arguments}"):
        text = shown(receipt(line))
        assert acts(text) == []
        assert not set(text) & UNSEEN


@pytest.mark.parametrize("argument", HOSTILE)
def test_a_target_that_nobody_should_write_names_nothing_and_is_told_as_text(argument: str) -> None:
    (line,) = read(f"/atmos why .{argument}")
    one = receipt(line)
    assert not one.done
    text = shown(one)
    assert text.startswith("**Last commands**\n- 🚫 ")
    assert acts(text) == []
    assert not set(text) & UNSEEN


def test_what_is_found_to_act_is_what_would_act() -> None:
    for raw in ("[a](https://evil.example)", "<img src=x>", "@dora", "![a](b)", "~~a~~", "a\n\n| a |\n|---|", "a\n- b"):
        assert acts(f"- {raw}") != []
