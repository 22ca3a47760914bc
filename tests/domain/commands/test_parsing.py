"""What comments say to the bot, and what is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.parsing import MOST, read
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import Command, Line, Misread
from tests.domain.commands.comments import PLACES


def told(line: Line) -> str:
    """Write a command with its parts in order, or what is wrong with the line."""
    if not isinstance(line.meant, Command):
        return f"no: {line.meant.problem}"
    one = line.meant
    return " ".join([one.name, *one.targets, *sorted(one.flags), *([f"({one.text})"] if one.text else [])])


def understood(body: str) -> list[str]:
    return [told(line) for line in read(body)]


WORDS = {
    "/ATMOS plan": ["plan"],
    "/Atmos Plan": ["plan"],
    "/atmos PLAN": ["plan"],
    "/atmos replan DEV/vpc --Downstream": ["replan DEV/vpc --downstream"],
    "/atmos\u00a0plan": ["plan"],
    "/atmos\u2003plan": ["plan"],
    "/atmos retry": ["retry"],
    "/atmos retry dev": ["retry dev"],
    "/atmos retry dev/vpc prod/vpc": ["retry dev/vpc prod/vpc"],
    "/atmos retry @failed @blocked": ["retry @failed @blocked"],
    "/atmos retry *-prod/* plat-*": ["retry *-prod/* plat-*"],
    "/atmos retry org/core/auto//eks/cluster": ["retry org/core/auto//eks/cluster"],
    "/atmos replan dev/vpc --downstream": ["replan dev/vpc --downstream"],
    "/atmos replan --downstream dev/vpc": ["replan dev/vpc --downstream"],
    "/atmos replan dev/vpc --upstream prod/vpc": ["replan dev/vpc prod/vpc --upstream"],
    "/atmos replan dev --downstream --downstream": ["replan dev --downstream"],
    "/atmos apply @all --downstream": ["apply @all --downstream"],
    "/atmos destroy dev/vpc dev/dns": ["destroy dev/vpc dev/dns"],
    "/atmos confirm ABC-123": ["confirm (ABC-123)"],
    "/atmos why dev/vpc": ["why dev/vpc"],
    "/atmos cancel": ["cancel"],
    "/atmos cancel --force": ["cancel --force"],
    "/atmos cancel --FORCE dev": ["cancel dev --force"],
    "/atmos skip dev/vpc --with-children": ["skip dev/vpc --with-children"],
    "/atmos lock dev/vpc": ["lock dev/vpc"],
    "/atmos lock dev/vpc the network  is moved — by hand": ["lock dev/vpc (the network is moved — by hand)"],
    "/atmos lock dev/vpc -really": ["lock dev/vpc (-really)"],
    "/atmos help": ["help"],
    "/atmos help retry": ["help (retry)"],
    "/atmos help Retry": ["help (Retry)"],
}
MISTAKES = {
    "/atmos": ["no: Say what to do, such as `/atmos help`."],
    "/atmos  ": ["no: Say what to do, such as `/atmos help`."],
    "/atmos\n\nplan": ["no: Say what to do, such as `/atmos help`."],
    "/atmos paln": ["no: `paln` is no command. Did you mean `/atmos plan`?"],
    "/atmos aply dev/vpc": ["no: `aply` is no command. Did you mean `/atmos apply`?"],
    "/atmos unpuase": ["no: `unpuase` is no command. Did you mean `/atmos unpause`?"],
    "/atmos Retyr": ["no: `Retyr` is no command. Did you mean `/atmos retry`?"],
    "/atmos plan.": ["no: `plan.` is no command. Did you mean `/atmos plan`?"],
    "/atmos `plan`": ["no: `\u0060plan\u0060` is no command. Did you mean `/atmos plan`?"],
    "/atmos pl\u200ban": ["no: `pl�an` is no command. Did you mean `/atmos plan`?"],
    "/atmos \u202eplan": ["no: `�plan` is no command. Did you mean `/atmos plan`?"],
    "/atmos terraform plan vpc -s dev": ["no: `terraform` is no command. `/atmos help` lists what there is."],
    "/atmos 🚀": ["no: `🚀` is no command. `/atmos help` lists what there is."],
    "/atmos --help": ["no: `--help` is no command. Did you mean `/atmos help`?"],
    "/atmos /atmos plan": ["no: `/atmos` is no command. `/atmos help` lists what there is."],
    "/atmos help retyr": ["no: `retyr` is no command. Did you mean `/atmos help retry`?"],
    "/atmos help me": ["no: `me` is no command. `/atmos help` lists what there is."],
    "/atmos plan please": ["no: `please` is too much. It is written `/atmos plan`."],
    "/atmos pause, it burns": ["no: `pause,` is no command. Did you mean `/atmos pause`?"],
    "/atmos pause it burns": ["no: `it burns` is too much. It is written `/atmos pause`."],
    "/atmos status 👍": ["no: `👍` is too much. It is written `/atmos status`."],
    "/atmos plan dev/vpc": ["no: `dev/vpc` is too much. It is written `/atmos plan`."],
    "/atmos confirm": ["no: Something is missing. It is written `/atmos confirm <code>`."],
    "/atmos confirm ABC now": ["no: `now` is too much. It is written `/atmos confirm <code>`."],
    "/atmos why": ["no: It needs a target. It is written `/atmos why <target>…`."],
    "/atmos replan": ["no: It needs a target. It is written `/atmos replan <target>… [--downstream|--upstream]`."],
    "/atmos replan --upstream": [
        "no: It needs a target. It is written `/atmos replan <target>… [--downstream|--upstream]`."
    ],
    "/atmos replan dev --downstream --upstream": [
        "no: `--downstream` and `--upstream` exclude each other. "
        "It is written `/atmos replan <target>… [--downstream|--upstream]`."
    ],
    "/atmos replan dev --donwstream": ["no: `--donwstream` is no option of it. Did you mean `--downstream`?"],
    "/atmos replan dev --downstream=true": ["no: `--downstream=true` is no option of it. Did you mean `--downstream`?"],
    "/atmos replan dev -downstream": ["no: `-downstream` is no option of it. Did you mean `--downstream`?"],
    "/atmos replan dev —downstream": ["no: `—downstream` is no option of it. Did you mean `--downstream`?"],
    "/atmos replan dev –upstream": ["no: `–upstream` is no option of it. Did you mean `--upstream`?"],
    "/atmos cancel -f": ["no: `-f` is no option of it. Did you mean `--force`?"],
    "/atmos cancel -force": ["no: `-force` is no option of it. Did you mean `--force`?"],
    "/atmos lock": ["no: It needs a target. It is written `/atmos lock <target> [reason]`."],
    "/atmos unlock dev/vpc now": ["no: `now` is too much. It is written `/atmos unlock <target>`."],
    "/atmos plan --force": ["no: `--force` is no option of it. It is written `/atmos plan`."],
    "/atmos plan --": ["no: `--` is no option of it. It is written `/atmos plan`."],
    "/atmos why dev -- prod": ["no: `--` is no option of it. It is written `/atmos why <target>…`."],
    "/atmos plan\n/atmos plna\n/atmos status": [
        "plan",
        "no: `plna` is no command. Did you mean `/atmos plan`?",
        "status",
    ],
}
#: Nothing of it is refused here: as targets they name nothing, and so they are told when they are looked for.
HOSTILE = {
    "/atmos why ../../etc/passwd": ["why ../../etc/passwd"],
    "/atmos why $(id) `id` ; rm -rf / | tee": ["no: `-rf` is no option of it. It is written `/atmos why <target>…`."],
    "/atmos why $(id) ;id": ["why $(id) ;id"],
    "/atmos why {{.atmos_stack}} ${{secrets.KEY}}": ["why {{.atmos_stack}} ${{secrets.KEY}}"],
    "/atmos why <img src=x onerror=alert(1)>": ["why <img src=x onerror=alert(1)>"],
    "/atmos why [a](javascript:alert(1)) @acme/admins": ["why [a](javascript:alert(1)) @acme/admins"],
    "/atmos why |a|b|": ["why |a|b|"],
    "/atmos why \u202eprod": ["why \u202eprod"],
    "/atmos why " + "a" * 3_000: ["no: A command is at most 2,000 characters long."],
    "/atmos " + "a" * 60_000: ["no: A command is at most 2,000 characters long."],
    "/atmos plan\n" + "a" * 60_000: ["plan"],
    "> " * 30_000 + "\n\n/atmos plan": [],  # nobody writes that by hand
    "+ " * 30_000 + "\n\n/atmos plan": [],
    "`" * 30_000 + "\n\n/atmos plan": [],
    "[" * 30_000 + "\n\n/atmos plan": ["plan"],
    "<" * 60_000 + "\n\n/atmos plan": ["plan"],
    "<!--" * 15_000 + "\n\n/atmos plan": [],
    "\n" * 60_000 + "/atmos plan": ["plan"],
}
ALL = {**PLACES, **WORDS, **MISTAKES, **HOSTILE}


@pytest.mark.parametrize(("body", "meant"), ALL.items(), ids=range(len(ALL)))
def test_what_is_understood(body: str, meant: list[str]) -> None:
    assert understood(body) == meant


def test_as_many_as_may_be_are_read_and_one_more_refuses_them_all() -> None:
    assert understood("/atmos plan\n" * MOST) == ["plan"] * MOST
    assert understood("/atmos plan\n" * (MOST + 1)) == [
        "no: The comment has 21 commands, and at most 20 are done at once, so none of them was. Say fewer."
    ]
    assert understood("/atmos paln\n" * 5_000) == [
        "no: The comment has 5,000 commands, and at most 20 are done at once, so none of them was. Say fewer."
    ]


def test_a_line_is_kept_as_it_was_written_and_fit_to_be_shown() -> None:
    (line,) = read("  /atmos  why \u202eprod\t" + "x" * 300)
    assert line.written.startswith("/atmos  why �prod�xxx")
    assert len(line.written) == 120


@pytest.mark.parametrize("name", SPECS)
def test_each_example_is_understood(name: str) -> None:
    (line,) = read(f"/atmos {name} {SPECS[name].example}")
    assert isinstance(line.meant, Command), told(line)
    assert line.meant.name == name


WORD = st.sampled_from(
    ["/atmos", *SPECS, "--downstream", "--force", "dev/vpc", "@all", "—", "-x", "`", ">", "<!--", "é"]
)


@given(st.one_of(st.text(), st.lists(st.one_of(WORD, st.text(max_size=5), st.just("\n")), max_size=30).map(" ".join)))
def test_whatever_is_written_is_understood_or_told_in_one_line(body: str) -> None:
    for line in read(body):
        assert line.written.isprintable()
        assert line.written.lower().startswith("/atmos")
        if not isinstance(line.meant, Command):
            assert line.meant.problem.isprintable()
            assert len(line.meant.problem) < 400


@given(st.lists(st.sampled_from(["dev/vpc", "--downstream", "*-prod", "@failed"]), min_size=1, max_size=6))
def test_options_may_stand_anywhere(words: list[str]) -> None:
    targets = [word for word in words if word != "--downstream"]
    (line,) = read(f"/atmos replan {' '.join(words)}")
    if targets:
        assert isinstance(line.meant, Command)
        assert list(line.meant.targets) == list(dict.fromkeys(targets))
        assert ("--downstream" in line.meant.flags) == ("--downstream" in words)
    else:
        assert "needs a target" in told(line)


def test_a_command_has_a_limit_of_targets() -> None:
    names = " ".join(f"part-{number}" for number in range(51))
    (line,) = read(f"/atmos retry {names}")
    assert line.meant == Misread("That is 51 targets, and a command takes at most 50. A pattern says more with less.")
    (line,) = read(f"/atmos retry {names.rpartition(' ')[0]}")
    assert isinstance(line.meant, Command)
