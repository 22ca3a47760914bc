"""The commands that give settings to a host which keeps them itself."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

#: Host -> the beginning of its command, with the app's name to be put in.
_COMMANDS = {
    "heroku": "heroku config:set --app {app}",
    "dokku": "dokku config:set {app}",
    "fly": "fly secrets set --app {app}",
}
HOSTS = tuple(_COMMANDS)


def command_for(host: str, app: str, settings: Mapping[str, str]) -> str:
    """Write the command that sets all settings at once, for a shell."""
    begin = _COMMANDS[host].format(app=shlex.quote(app))
    return " \\\n  ".join([begin, *(shlex.quote(f"{name}={value}") for name, value in settings.items())])
