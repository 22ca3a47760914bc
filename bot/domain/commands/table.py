"""Every command: how it is written, and what does it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.commands import (
    apply,
    approve,
    cancel,
    confirm,
    destroy,
    lock,
    pause,
    plan,
    replan,
    retry,
    skip,
    status,
    unlock,
    unpause,
    why,
)
from bot.domain.commands import help as help_
from bot.domain.commands.asked import Do
from bot.domain.commands.words import Spec

_ALL = (
    *(plan, replan, retry, apply, approve, skip, cancel, pause, unpause, lock, unlock, destroy, confirm),
    *(why, status, help_),
)

SPECS: Mapping[str, Spec] = {module.SPEC.name: module.SPEC for module in _ALL}
DO: Mapping[str, Do] = {module.SPEC.name: module.do for module in _ALL}
