"""What happened in a sequence, for people who look why a rule was broken."""

from __future__ import annotations

from tests.model.hub import Hub


def story(hub: Hub, since: float) -> str:
    """Tell in lines what people said and what GitHub took, each with its second."""
    said = [
        (
            one.arrived_at,
            f"{one.by} {'presses ' + one.command if one.pressed else 'says ' + one.body} on #{one.pull.number}",
        )
        for one in hub.saying.came
    ]
    took = [(run.created_at, f"{run.title} in {run.instance.stack} for {run.target[:7]}") for run in hub.dispatched]
    merged = [
        (pull.merged_at, f"#{pull.number} is merged as {pull.merge_sha[:7]}") for pull in hub.pulls if pull.merged
    ]
    told = sorted([*merged, *said, *took], key=lambda one: one[0])
    return "\n".join(["What was done:", *(f"  {at - since:6.0f} s  {what}" for at, what in told)])
