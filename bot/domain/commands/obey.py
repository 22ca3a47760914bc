"""What becomes of commands: each in its turn is done, or refused with the reason, and gets its receipt."""

from __future__ import annotations

from bot.domain import heads, runs
from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.table import DO, SPECS
from bot.domain.commands.words import Answer, Line, Misread, Receipt, Role
from bot.domain.desk import Desk
from bot.domain.effects import React
from bot.domain.events import Commanded

#: A command that is older than this when it is handled is not done: the world that it was about may be gone. Seconds.
FRESH = 900.0


def obey(desk: Desk, event: Commanded) -> None:
    """Do what somebody said, in the order in which it was said."""
    if event.now is not None:
        heads.refresh(desk, event.now, spot=event.spot)
    for told in event.runs:
        runs.reported(desk, told)
    answers = [_answer(desk, event, line) for line in event.lines]
    for number, (line, answer) in enumerate(zip(event.lines, answers, strict=True)):
        _keep(desk, event, number, line, answer)
    if event.comment_id:
        desk.wish(React(event.comment_id, "rocket" if all(one.done for one in answers) else "confused"))
    desk.show()


def is_stale(event: Commanded, now: float) -> bool:
    """Tell whether it is too late to do what was said."""
    return now - event.at > FRESH


def may(role: Role, line: Line) -> bool:
    """Tell whether somebody with a role may say what a line means."""
    return not isinstance(line.meant, Misread) and role >= SPECS[line.meant.name].role


def _answer(desk: Desk, event: Commanded, line: Line) -> Answer:
    if isinstance(line.meant, Misread):
        return Answer(False, line.meant.problem)
    spec = SPECS[line.meant.name]
    if is_stale(event, desk.now):
        return Answer(False, f"It was more than {FRESH / 60:.0f} minutes old when it was read. Say it again.")
    if not may(event.role, line):
        return Answer(False, f"{event.by} may not: it needs {spec.role.told} to this repository.")
    try:
        return DO[spec.name](desk, Asked(event.by, event.role, line.meant, event))
    except Refused as refused:
        return Answer(False, str(refused))


def _keep(desk: Desk, event: Commanded, number: int, line: Line, answer: Answer) -> None:
    command = None if isinstance(line.meant, Misread) else line.meant
    desk.receipts.append(
        Receipt(
            source=event.source,
            number=number,
            by=event.by,
            written=line.written,
            at=event.at,
            done_at=desk.now,
            done=answer.done,
            sentence=answer.sentence,
            command=command,
        )
    )
    desk.say(f"{event.by}: {line.written}: {answer.sentence or 'answered'}")
    if not answer.done:
        desk.note("refuse", f"{line.written}: {answer.sentence}", actor=event.by)
