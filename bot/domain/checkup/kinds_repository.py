"""Sorts of findings about a repository: Actions, uploads, workflow files, environments."""

from __future__ import annotations

from bot.domain.checkup.findings import Grade, Kind, about_trouble
from bot.domain.troubles import Trouble

_OK, _WARNING, _FAULT = Grade.OK, Grade.WARNING, Grade.FAULT

ACTIONS_OK = Kind("actions-ok", _OK, "GitHub Actions is on, or ran workflows lately, as far as can be told.")
ACTIONS_OFF = Kind(
    "actions-off",
    _FAULT,
    "GitHub Actions is turned off for the repository.",
    "Nothing is uploaded, planned or applied.",
    "Turn it on in the repository's settings under Actions, General.",
    about_trouble(Trouble.ACTIONS_OFF),
)
ACTIONS_UNTOLD = Kind(
    "actions-untold",
    _WARNING,
    "No workflow ever ran in the repository.",
    "GitHub does not tell this App whether Actions is on.",
    "Look at the repository's settings under Actions, General.",
    about_trouble(Trouble.ACTIONS_OFF),
)

UPLOADER_OK = Kind("uploader-ok", _OK, "A workflow on the default branch uploads what is affected.")
UPLOADER_NONE = Kind(
    "uploader-none",
    _FAULT,
    "No workflow on the default branch uploads what is affected.",
    "Nothing is ever planned.",
    "Run `switchyard init` in a checkout, and merge what it writes.",
    "setup.md#4-prepare-the-repository",
)
UPLOADER_WORKSPACE = Kind(
    "uploader-workspace",
    _FAULT,
    "The workflow that uploads names another workspace than SWITCHYARD_WORKSPACE_ID.",
    "Its uploads are refused.",
    "Give ATMOS_PRO_WORKSPACE_ID there the value of SWITCHYARD_WORKSPACE_ID.",
    "setup.md#3-tell-the-repository-where-switchyard-is",
)

UPLOAD_OK = Kind("upload-ok", _OK, "Something was uploaded.")
UPLOAD_NONE = Kind(
    "upload-none",
    _WARNING,
    "Nothing was ever uploaded for the repository.",
    "What its stacks name is not known, so only its workflow files were looked at.",
    "Open a pull request that changes a stack. If one is open, read the log of its job that uploads.",
    about_trouble(Trouble.NO_UPLOAD),
)

WORKFLOW_OK = Kind("workflow-ok", _OK, "The workflow file can be started, and says which run is whose.")
WORKFLOW_MISSING = Kind(
    "workflow-missing",
    _FAULT,
    "Stacks name a workflow file that is not on the default branch.",
    "It cannot be started.",
    "Merge it there, or correct the name in `settings.pro`.",
    about_trouble(Trouble.NO_FILE),
)
WORKFLOW_UNREADABLE = Kind(
    "workflow-unreadable",
    _FAULT,
    "A workflow file cannot be understood.",
    "It cannot be started.",
    "Correct it.",
    about_trouble(Trouble.NO_FILE),
)
WORKFLOW_OFF = Kind(
    "workflow-off",
    _FAULT,
    "A workflow is turned off at GitHub.",
    "It cannot be started.",
    "Turn it on under Actions, at the workflow's menu “…”.",
    about_trouble(Trouble.ACTIONS_OFF),
)
WORKFLOW_UNSTARTABLE = Kind(
    "workflow-unstartable",
    _FAULT,
    "A workflow file has no `workflow_dispatch` trigger.",
    "It cannot be started.",
    "Add it under `on:`.",
    about_trouble(Trouble.NO_FILE),
)
WORKFLOW_SHA = Kind(
    "workflow-sha",
    _FAULT,
    "A workflow file that applies does not declare the input `sha`.",
    "It could apply another commit than the merged one, so it is not started.",
    "Declare it under `on.workflow_dispatch.inputs`, and check that commit out.",
    about_trouble(Trouble.NO_SHA),
)
WORKFLOW_TIP = Kind(
    "workflow-tip",
    _WARNING,
    "A workflow file that plans does not declare the input `sha`.",
    "It plans the tip of the branch, whatever that is by then.",
    "Declare it under `on.workflow_dispatch.inputs`, and check that commit out.",
    about_trouble(Trouble.NO_SHA),
)
WORKFLOW_INPUTS = Kind(
    "workflow-inputs",
    _FAULT,
    "Stacks and a workflow file do not agree about its inputs.",
    "It cannot be started for them.",
    "Declare them under `on.workflow_dispatch.inputs`, or correct `settings.pro`.",
    about_trouble(Trouble.INPUTS),
)
WORKFLOW_STACK = Kind(
    "workflow-stack",
    _FAULT,
    "What a stack says under `settings.pro` cannot be used.",
    "Nothing is started for it.",
    "Correct it in the stack.",
    about_trouble(Trouble.TEMPLATE),
)
WORKFLOW_UNTITLED = Kind(
    "workflow-untitled",
    _WARNING,
    "The titles of a file's runs do not carry the dispatch id.",
    "Where GitHub does not say which run it started, the run must be guessed.",
    "Declare the input `atmos_pro_run_id`, and put `${{ inputs.atmos_pro_run_id }}` into `run-name`.",
    about_trouble(Trouble.DOUBT),
)
WORKFLOW_GROUP = Kind(
    "workflow-group",
    _WARNING,
    "Instances share a `concurrency` group of a workflow file.",
    "GitHub cancels what waits in a group when one more comes.",
    "Put component and stack into the group's name, or leave `concurrency` out.",
    about_trouble(Trouble.GROUP),
)

ENVIRONMENT_OK = Kind("environment-ok", _OK, "The environments that applies ask for are there and protect them.")
ENVIRONMENT_MISSING = Kind(
    "environment-missing",
    _FAULT,
    "An apply asks for an environment that the repository does not have.",
    "Such an apply is held until somebody approves it.",
    "Make the environment in the repository's settings, with reviewers.",
    about_trouble(Trouble.ENVIRONMENT),
)
ENVIRONMENT_UNTOLD = Kind(
    "environment-untold",
    _WARNING,
    "Nobody can tell which environment an apply will ask for.",
    "It is held until somebody approves it.",
    "Let `environment:` be a name, or an input that the stack gives.",
    about_trouble(Trouble.ENVIRONMENT),
)
ENVIRONMENT_UNKNOWN = Kind(
    "environment-unknown",
    _WARNING,
    "Which environments stacks name is not known before an upload tells it.",
    "An apply that asks for one that is missing is held.",
    "Make those that stacks name in the repository's settings, with reviewers, before you merge a change to a stack.",
    about_trouble(Trouble.ENVIRONMENT),
)
ENVIRONMENT_OPEN = Kind(
    "environment-open",
    _WARNING,
    "An environment has no protection rule.",
    "It keeps no apply back.",
    "Give it reviewers in the repository's settings, if an apply there should wait for people.",
    "setup.md#environments",
)
