"""The environment variables that set Switchyard up: the one table behind the settings, `app.json` and the docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. `default` is its text where it is not set or empty."""

    name: str
    help: str
    default: str = ""
    secret: bool = False
    required: bool = False


SETTINGS = (
    Setting("SWITCHYARD_DATABASE", "The SQLite file that holds everything, on a disk that lasts.", "switchyard.db"),
    Setting("GITHUB_APP_ID", "The number of the GitHub App, from its settings page.", required=True),
    Setting(
        "GITHUB_APP_PRIVATE_KEY",
        "The App's private key: the PEM text (also with \\n for line ends, or in base64), or the path of its file.",
        secret=True,
        required=True,
    ),
    Setting(
        "GITHUB_WEBHOOK_SECRET",
        "The secret that the App's webhook has on GitHub.",
        secret=True,
        required=True,
    ),
    Setting(
        "GITHUB_API_URL", "GitHub's API; on GitHub Enterprise Server https://HOST/api/v3.", "https://api.github.com"
    ),
    Setting(
        "PUBLIC_URL",
        "Where GitHub and people reach this service: the comment's picture and page; without it Mermaid is drawn.",
    ),
    Setting(
        "SWITCHYARD_DOCS_URL",
        "Where people read these docs, such as https://github.com/ORG/switchyard/blob/main/docs; comments link there.",
    ),
    Setting("HOST", "The address to listen on; 0.0.0.0 for every one.", "127.0.0.1"),
    Setting("PORT", "The port to listen on.", "8080"),
    Setting("LOG_LEVEL", "DEBUG, INFO, WARNING, ERROR or CRITICAL.", "INFO"),
    Setting("SWITCHYARD_MAX_IN_FLIGHT", "How many runs of a repository may be queued or running at once.", "20"),
    Setting("SWITCHYARD_DISPATCHES_PER_SECOND", "How many runs an installation may start in a second.", "3"),
    Setting("SWITCHYARD_SETTLE_SECONDS", "How long a comment waits for more news before it is edited.", "2"),
    Setting("SWITCHYARD_SWEEP_SECONDS", "How often GitHub is asked about what should have moved by now.", "60"),
    Setting(
        "SWITCHYARD_DOUBT_SECONDS",
        "How long a run that may have started is looked for before it is sent again.",
        "60",
    ),
    Setting("SWITCHYARD_PLAN_REF", "The branch that plans run on: head (the pull request's own) or base.", "head"),
    Setting(
        "SWITCHYARD_APPLY_BRANCHES",
        "Branches besides the default one whose merges are applied: patterns such as release/*, separated by commas.",
    ),
    Setting(
        "SWITCHYARD_MODE",
        "What is started: apply (everything), plan (plans alone) or observe (nothing; everything is only shown).",
        "apply",
    ),
    Setting(
        "SWITCHYARD_FAILURE_MODE",
        "What a failure stops: keep-going (what depends on it) or fail-fast (the whole rollout).",
        "keep-going",
    ),
    Setting(
        "SWITCHYARD_UNPLANNED",
        "What becomes of applies that no successful plan of the merged head has shown: hold (until approved) or allow.",
        "hold",
    ),
    Setting(
        "SWITCHYARD_STALE",
        "What becomes of what another pull request was applied to after its plan: warn (it is told) or hold.",
        "warn",
    ),
    Setting(
        "SWITCHYARD_APPROVE_STACKS",
        "Stacks whose applies somebody other than the author must approve: patterns such as *-prod*, with commas.",
    ),
    Setting(
        "SWITCHYARD_SELF_APPROVE",
        "Whether the author may approve what the own merge holds: true or false (then somebody else must).",
        "true",
    ),
    Setting("SWITCHYARD_BREAKER_PLAN", "A plan that would start more runs than this is held until approved.", "500"),
    Setting("SWITCHYARD_BREAKER_APPLY", "An apply that would start more runs than this is held until approved.", "100"),
    Setting(
        "SWITCHYARD_RUN_TIMEOUT",
        "After how many seconds without news a run that GitHub knows no more counts as timed out.",
        "86400",
    ),
    Setting(
        "SWITCHYARD_CHECK_NAME",
        "What the check run on a pull request, a merge queue's try and a release is called.",
        "atmos",
    ),
    Setting(
        "SWITCHYARD_WORKSPACE_ID",
        "What workflows must have in ATMOS_PRO_WORKSPACE_ID; where it is not set, any text will do.",
    ),
    Setting(
        "SWITCHYARD_OIDC_ISSUER",
        "Who signs the identity tokens of workflow runs; where it is not set, GitHub's own issuer for GITHUB_API_URL.",
    ),
)
