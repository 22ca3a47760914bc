"""Which files there should be, from what was found and what was asked for. The templates are the files themselves."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files as resources

WORKFLOWS = ".github/workflows"
AFFECTED = "atmos-pro.yaml"
PLAN = "atmos-terraform-plan.yaml"
APPLY = "atmos-terraform-apply.yaml"
DESTROY = "atmos-terraform-destroy.yaml"
INSTANCES = "atmos-upload-instances.yaml"
MIXIN = "pro.yaml"
#: The release of the CLI that the files were tried for.
ATMOS = "1.226.1"

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_ENVIRONMENT = '"{{ .vars.stage }}"'
_WORKSPACE = "ATMOS_PRO_WORKSPACE_ID: ${{ vars.ATMOS_PRO_WORKSPACE_ID }}"
_TOKEN = "ATMOS_PRO_TOKEN: ${{ secrets.SWITCHYARD_KEY }}"  # noqa: S105 - where the secret is, not the secret
_IDENTITY = "      id-token: write # so that GitHub vouches for this run\n"

_DELETED = f"""\
      deleted:
        workflows:
          {DESTROY}:
            inputs:
              component: "{{{{ .atmos_component }}}}"
              stack: "{{{{ .atmos_stack }}}}"
              github_environment: {_ENVIRONMENT}
"""
_QUEUE = "    merge_group:\n      checks_requested: *plan\n"
_QUEUE_IF = """\
    # Not for forks, and when a pull request is closed only if it was merged.
    if: >-
      github.event_name == 'merge_group' ||
      (github.event.pull_request.head.repo.full_name == github.repository &&
      (github.event.action != 'closed' || github.event.pull_request.merged))
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What was asked for."""

    branch: str = "main"
    environment: str = "{{ .vars.stage }}"
    destroy: bool = False
    instances: bool = False
    merge_queue: bool = False
    static_key: bool = False
    atmos: str = ATMOS


def workflows(choices: Choices) -> dict[str, str]:
    """Write the workflow files, by their path in the repository."""
    names = [AFFECTED, PLAN, APPLY]
    names += [DESTROY] if choices.destroy else []
    names += [INSTANCES] if choices.instances else []
    return {f"{WORKFLOWS}/{name}": _workflow(name, choices) for name in names}


def mixin(choices: Choices) -> str:
    """Write the stacks' mixin, with `settings.pro` for every activity."""
    text = _template(MIXIN)
    if choices.destroy:
        text += _DELETED
    if choices.merge_queue:
        text += _QUEUE
    return text.replace(_ENVIRONMENT, json.dumps(choices.environment))


def _workflow(name: str, choices: Choices) -> str:
    text = _template(name).replace(f"atmos:{ATMOS}", f"atmos:{choices.atmos}")
    text = text.replace("branches: [main]", f"branches: [{_quoted(choices.branch)}]")
    if choices.static_key:
        text = text.replace(_WORKSPACE, _TOKEN).replace(_IDENTITY, "")
        text = text.replace("# for Switchyard, and for the cloud's credentials", "# for the cloud's credentials")
    if choices.merge_queue and name == AFFECTED:
        start, end = text.index("    # Not for forks"), text.index("    runs-on:")
        text = text[:start] + _QUEUE_IF + text[end:]
        text = text.replace("on:\n", "on:\n  merge_group:\n", 1)
    return text


def _quoted(branch: str) -> str:
    plain = _PLAIN.fullmatch(branch) and branch.lower() not in _YAML_WORDS
    return branch if plain else json.dumps(branch)


def _template(name: str) -> str:
    return resources(__package__).joinpath("templates", name).read_text(encoding="utf-8")
