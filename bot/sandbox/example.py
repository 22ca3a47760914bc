"""The example repository: ten components in three environments, and the three workflow files it needs."""

from __future__ import annotations

from typing import Any

from bot.sandbox.atmos import Configured, Key, Model

STACKS = ("plat-ue2-dev", "plat-ue2-staging", "plat-ue2-prod")

#: Component -> what it needs in the same stack.
NEEDS: dict[str, tuple[str, ...]] = {
    "vpc": (),
    "object-storage": (),
    "cache": ("vpc",),
    "database": ("vpc",),
    "load-balancer": ("vpc",),
    "cluster": ("vpc", "load-balancer"),
    "api": ("database", "cluster"),
    "frontend": ("cache", "api"),
    "cdn": ("object-storage", "frontend"),
    "monitoring": ("cluster",),
}

PLAN = "atmos-terraform-plan.yaml"
APPLY = "atmos-terraform-apply.yaml"
DESTROY = "atmos-terraform-destroy.yaml"


def example(*, released: bool = False) -> Model:
    """Build the instances of the example repository: every component in every stack; a release may apply, too."""
    return Model(
        {(stack, component): _configured(stack, component, released) for stack in STACKS for component in NEEDS}
    )


def _configured(stack: str, component: str, released: bool) -> Configured:
    tenant, environment, stage = stack.split("-")
    return Configured(
        settings={"pro": settings_pro(component, stack, released=released)},
        needs=tuple((stack, need) for need in NEEDS[component]),
        context={"tenant": tenant, "environment": environment, "stage": stage},
        path=f"components/terraform/{component}",
    )


def settings_pro(component: str, stack: str, *, released: bool = False, destroyed: bool = False) -> dict[str, Any]:
    """Write the `settings.pro` of an instance: a plan for what happens before the merge, an apply for the merge.

    With `released` a release applies as well; with `destroyed` it can be destroyed once it is removed.
    """
    inputs = {"component": component, "stack": stack}
    guarded = inputs | {"github_environment": stack.rpartition("-")[2]}
    plan = {"workflows": {PLAN: {"inputs": inputs}}}
    apply = {"workflows": {APPLY: {"inputs": guarded}}}
    destroy = {"deleted": {"workflows": {DESTROY: {"inputs": guarded}}}} if destroyed else {}
    return {
        "enabled": True,
        "pull_request": {"opened": plan, "synchronize": plan, "reopened": plan, "merged": apply, **destroy},
        **({"release": {"published": apply}} if released else {}),
    }


def keys(*components: str) -> list[Key]:
    """List these components in every stack."""
    return [(stack, component) for stack in STACKS for component in components]


def files(*events: str) -> dict[str, str]:
    """Write the files of the repository's first commit: workflows, components, stacks.

    `events`, of "merge_group" and "release", have the affected stacks uploaded as well.
    """
    triggers = "".join(_TRIGGERS[event] for event in events)
    tree = {
        ".github/workflows/atmos-pro.yaml": AFFECTED_FILE.replace("permissions:", f"{triggers}permissions:", 1),
        f".github/workflows/{PLAN}": PLAN_FILE,
        f".github/workflows/{APPLY}": APPLY_FILE,
        "atmos.yaml": ATMOS_FILE,
        "stacks/mixins/pro.yaml": PRO_FILE,
        "README.md": "# infra\n\nAn example: ten components in three environments, deployed in order.\n",
    }
    for component, needs in NEEDS.items():
        tree[f"components/terraform/{component}/main.tf"] = f'output "name" {{\n  value = "{component}"\n}}\n'
        listed = "".join(f"          - name: {need}\n" for need in needs)
        depends = f"      dependencies:\n        components:\n{listed}" if needs else ""
        tree[f"stacks/catalog/{component}.yaml"] = (
            f"components:\n  terraform:\n    {component}:\n      vars: {{}}\n{depends}"
        )
    for stack in STACKS:
        imports = "".join(f"  - catalog/{component}\n" for component in NEEDS)
        context = zip(("tenant", "environment", "stage"), stack.split("-"), strict=True)
        values = "".join(f"  {name}: {value}\n" for name, value in context)
        tree[f"stacks/{stack}.yaml"] = f"import:\n  - mixins/pro\n{imports}vars:\n{values}"
    return tree


ATMOS_FILE = """\
base_path: .
components:
  terraform:
    base_path: components/terraform
stacks:
  base_path: stacks
  included_paths: ["plat-*.yaml"]
  name_template: "{{ .vars.tenant }}-{{ .vars.environment }}-{{ .vars.stage }}"
templates:
  settings:
    enabled: true
ci:
  enabled: true
"""

PRO_FILE = f"""\
settings:
  pro:
    enabled: true
    pull_request:
      opened: &plan
        workflows:
          {PLAN}:
            inputs:
              component: "{{{{ .atmos_component }}}}"
              stack: "{{{{ .atmos_stack }}}}"
      synchronize: *plan
      reopened: *plan
      merged:
        workflows:
          {APPLY}:
            inputs:
              component: "{{{{ .atmos_component }}}}"
              stack: "{{{{ .atmos_stack }}}}"
              github_environment: "{{{{ .vars.stage }}}}"
"""

AFFECTED_FILE = """\
name: Affected stacks
on:
  pull_request:
    types: [opened, synchronize, reopened, closed]
    branches: [main]
permissions:
  id-token: write
  contents: read
jobs:
  affected:
    if: github.event.action != 'closed' || github.event.pull_request.merged
    runs-on: ubuntu-latest
    container: ghcr.io/cloudposse/atmos:1.226.1
    steps:
      - uses: actions/checkout@v5
        with:
          ref: ${{ github.event.pull_request.head.sha }}
          fetch-depth: 0
      - run: git config --global --add safe.directory "$GITHUB_WORKSPACE"
      - run: atmos describe affected --upload
        env:
          ATMOS_PRO_BASE_URL: ${{ vars.ATMOS_PRO_BASE_URL }}
          ATMOS_PRO_WORKSPACE_ID: ${{ vars.ATMOS_PRO_WORKSPACE_ID }}
"""

_TRIGGERS = {"merge_group": "  merge_group:\n", "release": "  release:\n    types: [published]\n"}

_RUN_FILE = """\
name: {title}
run-name: {verb} ${{{{ inputs.component }}}}/${{{{ inputs.stack }}}}/${{{{ inputs.atmos_pro_run_id }}}}
on:
  workflow_dispatch:
    inputs:
      atmos_pro_run_id: {{ type: string }}
      sha: {{ type: string }}
      component: {{ type: string, required: true }}
      stack: {{ type: string, required: true }}
{extra_input}permissions:
  id-token: write
  contents: read
jobs:
  {verb}:
    name: ${{{{ inputs.component }}}} in ${{{{ inputs.stack }}}}
    runs-on: ubuntu-latest
{environment}    container: ghcr.io/cloudposse/atmos:1.226.1
    steps:
      - uses: actions/checkout@v5
        with:
          ref: ${{{{ inputs.sha }}}}
      - run: atmos terraform {command} "$COMPONENT" -s "$STACK" {flags}
        env:
          COMPONENT: ${{{{ inputs.component }}}}
          STACK: ${{{{ inputs.stack }}}}
          ATMOS_PRO_BASE_URL: ${{{{ vars.ATMOS_PRO_BASE_URL }}}}
          ATMOS_PRO_WORKSPACE_ID: ${{{{ vars.ATMOS_PRO_WORKSPACE_ID }}}}
"""

_GUARDED = {
    "extra_input": "      github_environment: { type: string, required: true }\n",
    "environment": "    environment: ${{ inputs.github_environment }}\n",
}

PLAN_FILE = _RUN_FILE.format(
    title="Terraform plan", verb="plan", command="plan", flags="--upload-status", extra_input="", environment=""
)
APPLY_FILE = _RUN_FILE.format(
    title="Terraform apply", verb="apply", command="deploy", flags="--upload-status", **_GUARDED
)
#: For what a merge removed. It is no part of the first commit: many repositories leave that to people.
DESTROY_FILE = _RUN_FILE.format(
    title="Terraform destroy", verb="destroy", command="destroy", flags="-- -auto-approve", **_GUARDED
)
