"""What setup tells people beside the page."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cli.setup_exchange import App
from bot.cli.setup_wanted import Wanted

NO_ADDRESS = (
    "Without a public address GitHub cannot tell Switchyard anything, and without that it does nothing: the webhook is "
    "registered as off.\n"
    "  For development use a webhook relay: a public address that passes what it gets on to a program on your machine, "
    "and that one to http://127.0.0.1:8080/webhooks/github. Give the relay's address as --webhook-url. Whoever runs it "
    "reads your webhooks.\n"
    "  For production Switchyard needs an address of its own, with HTTPS. Once it has one, run "
    "`switchyard setup --public-url ADDRESS` again."
)
NO_HTTPS = "The address is not HTTPS, so whoever is on the way can read the webhooks. Put a proxy with HTTPS before it."


def next_steps(app: App, wanted: Wanted, settings: Mapping[str, str], *, printed: bool) -> list[str]:
    """Say what comes after the App is registered."""
    which = "the settings that the command sets" if printed else "these settings; docs/setup.md, part 2, has the ways"
    steps = [
        f"Install it on your infrastructure repository, and only there: {app.install_page}",
        *([] if wanted.hook else [_ADDRESS.format(page=app.settings_page)]),
        f"Run Switchyard with {which}.",
        f"In a checkout of that repository: {_init(wanted, settings)}",
        "Then `switchyard doctor` says what is still missing.",
    ]
    return ["", "Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))]


def _init(wanted: Wanted, settings: Mapping[str, str]) -> str:
    address = f" --public-url {wanted.public_url}" if wanted.public_url else ""
    return f"switchyard init{address} --workspace-id {settings['SWITCHYARD_WORKSPACE_ID']}"


_ADDRESS = "Once there is an address: `switchyard setup --public-url ADDRESS`, then tick Active at {page}"
