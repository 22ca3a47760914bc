"""What must be true whatever happens, judged from what GitHub saw and people were shown. One function for each rule."""

from __future__ import annotations

from collections.abc import Callable

from tests.model import on_destroy, on_dispatch, when_quiet
from tests.model.hub import Hub
from tests.model.things import Run

#: The rules about each dispatch.
ON_DISPATCH: tuple[Callable[[Hub, Run], str], ...] = (
    on_destroy.confirmed,
    on_destroy.children_first,
    on_destroy.needs_stay,
    on_destroy.stays_destroyed,
    on_dispatch.only_once,
    on_dispatch.wanted,
    on_dispatch.parents_first,
    on_dispatch.one_at_a_time,
    on_dispatch.in_merge_order,
    on_dispatch.reviewed,
    on_dispatch.approved_here,
    on_dispatch.destroyed_by_name,
    on_dispatch.newest_head,
    on_dispatch.not_too_many,
    on_dispatch.not_stale,
    on_dispatch.protected,
    on_dispatch.under_the_cap,
    on_dispatch.not_locked,
    on_dispatch.not_frozen,
    on_dispatch.not_paused,
    on_dispatch.not_stopped,
)
#: Those about what is shown once the bot has heard and written everything.
WHEN_QUIET: tuple[Callable[[Hub], str], ...] = (
    when_quiet.says_what_is,
    when_quiet.contained,
    when_quiet.answered,
)
#: Those about what is left when GitHub is well, everybody has approved and all runs are over.
IN_THE_END: tuple[Callable[[Hub], str], ...] = (when_quiet.nothing_waits_for_ever,)
