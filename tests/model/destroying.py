"""What people have destroyed: they ask what it would be, read the code, and confirm it, in time or not."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.domain.graph import Instance
from tests.model.acts import Acts, pick, thens, which
from tests.model.repository import NEEDS
from tests.model.shown import comment
from tests.model.things import Offer, Pull

#: Longer than a code is good for.
_TOO_LONG = 1_000
#: What happens between the showing and the confirming, most often nothing.
_BETWEEN = ("nothing", "nothing", "nothing", "again", "too long", "merge", "merge in between", "guest", "reader")
_PEOPLE = ("lead", "lead", "lead", "dora")


class Destroying(Acts):
    """People who have things destroyed."""

    @precondition(lambda self: self.stage.merged())
    @rule(
        one=which,
        instance=st.sampled_from(list(NEEDS)),
        flag=st.sampled_from(("", "--downstream", "--downstream")),
        by=st.sampled_from(_PEOPLE),
        then=thens,
    )
    def destroy(self, one: int, instance: Instance, flag: str, by: str, then: str) -> None:
        """Ask what it would be to destroy something."""
        self.stage.hub.say(pick(self.stage.merged(), one), by, "destroy", (instance,), flag)
        self.follow(then)

    @precondition(lambda self: self.stage.hub.saying.offers)
    @rule(one=which, by=st.sampled_from(_PEOPLE), wrong=st.sampled_from(("", "", "code", "pull")), then=thens)
    def confirm(self, one: int, by: str, wrong: str, then: str) -> None:
        """Confirm something by a code that was shown once, or by one that nobody was shown, or elsewhere."""
        offer = pick(list(self.stage.hub.saying.offers.values())[::-1], one)
        pull = pick(self.stage.hub.pulls, one) if wrong == "pull" else offer.pull
        self.stage.hub.say(pull, by, "confirm", flag="WRNGCDE2" if wrong == "code" else offer.code)
        self.follow(then)

    @precondition(lambda self: self.stage.merged() or self.stage.open())
    @rule(
        one=which,
        what=which,
        between=st.sampled_from(_BETWEEN),
        after=st.sampled_from(("", "", "merge", "some", "fail", "upload", "skip", "cancel", "again")),
        then=thens,
    )
    def destroy_all_below(self, one: int, what: int, between: str, after: str, then: str) -> None:
        """Have something destroyed with all below it once all is applied; much may happen before and after that."""
        pull = self._applied(one)
        instance = pick(sorted(pull.affected), what)
        offer = self._shown(pull, instance)
        if offer is None:
            return self.follow(then)
        by = {"guest": "dora", "reader": "guest"}.get(between, "lead")
        if between == "again":
            self._shown(pull, instance)
        elif between == "too long":
            self.stage.passes(_TOO_LONG)
        elif between.startswith("merge"):
            self._merge_one(one, settles=between == "merge")
        self.stage.hub.say(pull, by, "confirm", flag=offer.code)
        if after:
            self.stage.deliver()
            self._and_then(after, one, pull, instance)
        return self.follow(then)

    def _applied(self, one: int) -> Pull:
        if not self.stage.merged():
            self.stage.hub.merge(pick(self.stage.open(), one))
        pull = pick(self.stage.merged(), one)
        self.stage.settle()
        if "held" in comment(self.stage.hub, pull):
            self.stage.approve(pull, "lead")
            self.stage.settle()
        return pull

    def _shown(self, pull: Pull, instance: Instance) -> Offer | None:
        known = set(self.stage.hub.saying.offers)
        self.stage.hub.say(pull, "lead", "destroy", (instance,), "--downstream")
        self.stage.deliver()
        self.stage.passes(10)
        self.stage.look()
        return next((offer for code, offer in self.stage.hub.saying.offers.items() if code not in known), None)

    def _merge_one(self, one: int, *, settles: bool) -> None:
        if self.stage.open():
            self.stage.hub.merge(pick(self.stage.open(), one))
        if settles:
            self.stage.settle()

    def _and_then(self, what: str, one: int, pull: Pull, instance: Instance) -> None:
        going = [run for run in self.stage.hub.dispatched if run.confirmed and not run.over]
        if what == "merge":
            self._merge_one(one, settles=True)
        elif what == "some":
            self.stage.actions()
        elif what == "fail" and going:
            self.stage.hub.start(pick(going, one))
            self.stage.end(pick(going, one), "failure")
        elif what == "upload":
            for run in [run for run in self.stage.hub.runs.values() if run.merged and run.pull == pull.number]:
                self.stage.upload(run)
        elif what in ("skip", "cancel"):
            target = pick(going, one).instance if going else instance
            self.stage.hub.say(pull, "lead", what, (target,))
        elif what == "again":
            self.stage.settle()
            self.stage.hub.say(pull, "lead", "apply", (instance,), "--downstream")
