"""An approval covers what had happened when it was given: what is applied once more afterwards is held again."""

import pytest

from bot.domain import holds
from bot.domain.model import Hold, HoldKind, Release, Step
from tests.domain.test_holds import at, call, desk_of, facts, held, place


@pytest.mark.parametrize(("ended", "kinds"), [(60.0, []), (80.0, [HoldKind.STALE])])
def test_who_let_go_what_was_stale_is_asked_again_after_another_apply(ended, kinds):
    let_go = Release(Hold(HoldKind.STALE, "planned before #2 was applied"), "ada", 70.0)
    steps = [Step(0, at("a"), (), (), (call("apply.yaml"),), 1, planned_at=50.0, released=(let_go,))]
    desk = desk_of(steps, given=facts(stale="hold", places={at("a"): (place(ended=ended),)}))
    holds.refresh(desk, desk.drafts[0])
    assert held(desk.drafts[0]) == {"a": kinds}
