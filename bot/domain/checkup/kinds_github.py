"""Sorts of findings about the App, its webhook, and where it is installed."""

from __future__ import annotations

from bot.domain.checkup.findings import Grade, Kind, about_trouble
from bot.domain.troubles import Trouble

_OK, _WARNING, _FAULT = Grade.OK, Grade.WARNING, Grade.FAULT

KEY_OK = Kind("key-ok", _OK, "GitHub takes the key as that of the App.")
KEY_REFUSED = Kind(
    "key-refused",
    _FAULT,
    "GitHub does not take the key as that of the App.",
    "Nothing can be read or started.",
    "Compare GITHUB_APP_ID and GITHUB_API_URL with the App's page, and make a new private key there if need be.",
    "setup.md#1-register-a-github-app",
)

KEY_UNREACHED = Kind(
    "key-unreached",
    _FAULT,
    "GitHub does not answer this machine.",
    "Nothing can be read or started, and what needs GitHub was not looked at.",
    "See whether this machine may reach GITHUB_API_URL by HTTPS. Switchyard uses no proxy of the environment.",
    "settings.md",
)

APP_OK = Kind("app-ok", _OK, "The App has the permissions and events that it needs, and no others.")
APP_LACKS = Kind(
    "app-lacks",
    _FAULT,
    "The App lacks a permission or an event that it needs.",
    "Something does not work without it.",
    "Change it on the App's page under Permissions & events; then accept it where the App is installed.",
    about_trouble(Trouble.PERMISSION),
)
APP_DIFFERS = Kind(
    "app-differs",
    _WARNING,
    "The App lacks something that it can do without, or has more than it needs.",
    "Nothing stops for that.",
    "Change it on the App's page under Permissions & events, if you like.",
    "setup.md#1-register-a-github-app",
)

WEBHOOK_OK = Kind("webhook-ok", _OK, "The App's webhook leads here.")
WEBHOOK_NONE = Kind(
    "webhook-none",
    _FAULT,
    "The App has no webhook address.",
    "GitHub tells nothing, so no pull request is seen.",
    "Run `switchyard setup --public-url ADDRESS`, or set it on the App's page and tick Active.",
    "setup.md#1-register-a-github-app",
)
WEBHOOK_ELSEWHERE = Kind(
    "webhook-elsewhere",
    _FAULT,
    "The App's webhook leads to another address than PUBLIC_URL.",
    "Webhooks may never arrive here.",
    "Run `switchyard setup` again, which offers to change it, or correct PUBLIC_URL.",
    "setup.md#1-register-a-github-app",
)
WEBHOOK_FORM = Kind(
    "webhook-form",
    _FAULT,
    "The webhook does not send JSON.",
    "Each one is refused.",
    "Set its content type to application/json on the App's page.",
    "setup.md#by-hand",
)
WEBHOOK_UNSIGNED = Kind(
    "webhook-unsigned",
    _FAULT,
    "The webhook has no secret.",
    "Each one is refused, since nobody could tell who sent it.",
    "Set the value of GITHUB_WEBHOOK_SECRET as the webhook's secret on the App's page.",
    "setup.md#1-register-a-github-app",
)
WEBHOOK_UNCHECKED = Kind(
    "webhook-unchecked",
    _WARNING,
    "GitHub does not look at the certificate of the webhook's address.",
    "Somebody on the way could take what it sends.",
    "Enable SSL verification on the App's page.",
    "setup.md#by-hand",
)
WEBHOOK_UNTOLD = Kind(
    "webhook-untold",
    _WARNING,
    "PUBLIC_URL is not set, so it cannot be compared with the webhook.",
    "Nobody can tell whether webhooks come here.",
    "Set PUBLIC_URL to where GitHub and people reach this service.",
    "settings.md",
)

DELIVERIES_OK = Kind("deliveries-ok", _OK, "GitHub's webhooks arrive.")
DELIVERIES_NONE = Kind(
    "deliveries-none",
    _WARNING,
    "GitHub sent no webhook in the last three days.",
    "Nothing happened, or the webhook is not active.",
    "If something did happen, see that Active is ticked at the webhook on the App's page.",
    "setup.md#when-nothing-happens",
)
DELIVERIES_MENDED = Kind(
    "deliveries-mended",
    _WARNING,
    "Webhooks did not arrive, and later ones did.",
    "What was missed is had sent again for three days.",
    "If that happens often, read the answers at Recent deliveries on the App's page, and the service's log.",
    "setup.md#when-nothing-happens",
)
DELIVERIES_UNSIGNED = Kind(
    "deliveries-unsigned",
    _FAULT,
    "Webhooks are refused because of their signature.",
    "The secret here and the one at GitHub differ.",
    "Set the same secret as GITHUB_WEBHOOK_SECRET and at the webhook on the App's page, then start the service again.",
    "setup.md#when-nothing-happens",
)
DELIVERIES_ASTRAY = Kind(
    "deliveries-astray",
    _FAULT,
    "What answers knows no such path, or sends webhooks on.",
    "GitHub does not follow where they are sent on.",
    "Let the webhook's address be PUBLIC_URL and /webhooks/github, and have a proxy pass that on as it is.",
    "hosting.md#addresses-and-proxies",
)
DELIVERIES_LATE = Kind(
    "deliveries-late",
    _FAULT,
    "GitHub gets no answer in time.",
    "It waits for 10 seconds. The service hangs, or something before it does.",
    "See whether the service runs, what its log says, and how busy its disk is.",
    "hosting.md#health-metrics-logs",
)
DELIVERIES_UNREACHED = Kind(
    "deliveries-unreached",
    _FAULT,
    "GitHub cannot connect to the webhook's address.",
    "No pull request is seen as long as that lasts.",
    "See whether name, port, firewall and certificate let GitHub in, and whether the service runs.",
    "hosting.md#addresses-and-proxies",
)
DELIVERIES_CERTIFICATE = Kind(
    "deliveries-certificate",
    _FAULT,
    "GitHub does not trust the certificate of the webhook's address.",
    "It sends nothing there.",
    "Give the server a certificate that is known, with all that stands between it and its root.",
    "hosting.md#addresses-and-proxies",
)
DELIVERIES_REFUSED = Kind(
    "deliveries-refused",
    _FAULT,
    "What answers at the webhook's address refuses webhooks, or fails.",
    "They may not have reached Switchyard.",
    "Read the answer at Recent deliveries on the App's page, and the service's log.",
    "hosting.md#addresses-and-proxies",
)

REPOSITORY_OK = Kind("repository-ok", _OK, "The App is installed on the repository, with all that it needs.")
REPOSITORY_NONE = Kind(
    "repository-none",
    _WARNING,
    "No repository is known yet.",
    "None was looked at.",
    "Name one: `switchyard doctor --repo OWNER/REPO`.",
    "setup.md#5-check-that-it-works",
)
REPOSITORY_MANY = Kind(
    "repository-many",
    _OK,
    "More repositories are known than are looked at without being named.",
    "",
    "Name the others with `--repo`.",
)
REPOSITORY_UNINSTALLED = Kind(
    "repository-uninstalled",
    _FAULT,
    "The App is not installed on the repository, or there is none of that name.",
    "Nothing of it is seen.",
    "Install it there, and compare the name with GitHub's.",
    "setup.md#1-register-a-github-app",
)
REPOSITORY_SUSPENDED = Kind(
    "repository-suspended",
    _FAULT,
    "The installation is suspended.",
    "GitHub tells nothing of the repository, and takes nothing for it.",
    "Have an owner unsuspend it.",
    "setup.md#when-nothing-happens",
)
REPOSITORY_LACKS = Kind(
    "repository-lacks",
    _FAULT,
    "The owner has not accepted what the App asks for.",
    "Something does not work without it.",
    "Have an owner review and accept the new permissions at the installation.",
    about_trouble(Trouble.PERMISSION),
)
REPOSITORY_DIFFERS = Kind(
    "repository-differs",
    _WARNING,
    "The installation lacks something that it can do without, or has more than it needs.",
    "Nothing stops for that.",
    "Change it on the App's page, then have an owner accept it, if you like.",
    "setup.md#1-register-a-github-app",
)

LIMIT_OK = Kind("limit-ok", _OK, "GitHub takes more requests than are needed.")
LIMIT_LOW = Kind(
    "limit-low",
    _WARNING,
    "Less than a tenth of the hour's requests is left.",
    "Once they are spent everything waits for the next hour.",
    "See what else uses this App's installation.",
    "how-it-works.md#cap-and-pace",
)
LIMIT_SPENT = Kind(
    "limit-spent",
    _FAULT,
    "The hour's requests are spent.",
    "Everything waits, and goes on by itself.",
    "Wait, and see what else uses this App's installation.",
    "how-it-works.md#cap-and-pace",
)
