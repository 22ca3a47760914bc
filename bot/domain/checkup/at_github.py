"""What is found about the App, its webhook, and where it is installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from bot.domain.checkup import kinds_github as kinds
from bot.domain.checkup.facts import AppFacts, Attempt, HookFacts, InstallationFacts
from bot.domain.checkup.findings import Finding, Kind, named, span

#: What is otherwise than it should be, as a sentence, and whether nothing works without it.
Differences = Sequence[tuple[str, bool]]
_LOW = 10  # a limit is low when less than one part of this many is left


def key(app: AppFacts) -> Finding:
    """Tell that GitHub took the key."""
    return Finding(kinds.KEY_OK, f"GitHub takes it for the App {app.name} (App ID {app.id}).", page=app.settings_page)


def key_refused(app_id: int, api_url: str) -> Finding:
    """Tell that GitHub did not take the key."""
    return Finding(kinds.KEY_REFUSED, f"{api_url} does not take the private key for that of the App {app_id}.")


def unreached(api_url: str, reason: str) -> Finding:
    """Tell that GitHub did not answer."""
    return Finding(kinds.KEY_UNREACHED, f"{api_url} was asked. {reason}")


def app(app: AppFacts, found: Differences) -> list[Finding]:
    """Tell where the App is otherwise than it needs to be."""
    page = f"{app.settings_page}/permissions"
    told = [Finding(kinds.APP_LACKS if fault else kinds.APP_DIFFERS, one, page=page) for one, fault in found]
    return told or [Finding(kinds.APP_OK, "It has the permissions and events that it needs, and no others.")]


def webhook(hook: HookFacts, public_url: str, path: str, page: str) -> list[Finding]:
    """Tell where the webhook leads, and in what form it comes."""
    if not hook.url:
        return [Finding(kinds.WEBHOOK_NONE, "The App has no address for its webhook.", page=page)]
    found = []
    wanted = f"{public_url}{path}"
    if public_url and hook.url != wanted:
        told = f"The App's webhook leads to {hook.url}, and {wanted} is here."
        found.append(Finding(kinds.WEBHOOK_ELSEWHERE, told, page=page))
    if hook.content_type != "json":
        told = f"The webhook's content type is {hook.content_type or 'not told'}, not json."
        found.append(Finding(kinds.WEBHOOK_FORM, told, page=page))
    if not hook.signed:
        found.append(Finding(kinds.WEBHOOK_UNSIGNED, "The webhook has no secret.", page=page))
    if hook.unchecked:
        found.append(Finding(kinds.WEBHOOK_UNCHECKED, "SSL verification is off for the webhook.", page=page))
    if not public_url:
        told = f"The App's webhook leads to {hook.url}, and PUBLIC_URL is not set."
        found.append(Finding(kinds.WEBHOOK_UNTOLD, told, page=page))
    return found or [Finding(kinds.WEBHOOK_OK, f"It leads to {hook.url}.")]


def deliveries(attempts: Sequence[Attempt], page: str, now: float) -> list[Finding]:
    """Tell whether webhooks arrive; `attempts` has the latest first."""
    if not attempts:
        return [Finding(kinds.DELIVERIES_NONE, "GitHub sent no webhook in the last three days.", page=page)]
    arrived = {one.guid for one in attempts if one.arrived}
    failed = [one for one in attempts if one.guid not in arrived]
    newest = attempts[0]
    if not failed:
        told = f"The latest arrived {_ago(now - newest.at)}; none of the last {len(attempts):,} is missing."
        return [Finding(kinds.DELIVERIES_OK, told)]
    sorts = Counter(_why(one) for one in failed)
    if newest.arrived:
        told = f"{len(failed):,} of the last {len(attempts):,} did not arrive, the latest {_ago(now - failed[0].at)} "
        return [Finding(kinds.DELIVERIES_MENDED, f"{told}({_said(failed)}); later ones did.", page=page)]
    lasting = [kind for kind in sorts if _lasts(kind, attempts)]
    return [_failing(kind, [one for one in failed if _why(one) is kind], page, now) for kind in lasting]


def _lasts(kind: Kind, attempts: Sequence[Attempt]) -> bool:
    """Tell whether something still goes wrong: since the last webhook that arrived."""
    for one in attempts:
        if one.arrived:
            return False
        if _why(one) is kind:
            return True
    return False


def _failing(kind: Kind, failed: Sequence[Attempt], page: str, now: float) -> Finding:
    told = f"{len(failed):,} did not arrive, the latest {_ago(now - failed[0].at)}: {_said(failed)}."
    return Finding(kind, told, page=page)


def _said(failed: Sequence[Attempt]) -> str:
    """Write what came of attempts, in GitHub's words."""
    words = Counter(f"{one.status_code} {one.status}".strip() for one in failed)
    return named([word for word, _ in words.most_common()], 2)


def _why(attempt: Attempt) -> Kind:
    said, code = attempt.status.lower(), attempt.status_code
    if any(word in said for word in ("certificate", "ssl", "tls", "peer")):
        return kinds.DELIVERIES_CERTIFICATE
    if "timed out" in said or "timeout" in said:
        return kinds.DELIVERIES_LATE
    if "connect" in said or "resolve" in said or "reach" in said or code == 0:
        return kinds.DELIVERIES_UNREACHED
    if code == 401:
        return kinds.DELIVERIES_UNSIGNED
    if code in (404, 405) or 300 <= code < 400:
        return kinds.DELIVERIES_ASTRAY
    if code == 504:
        return kinds.DELIVERIES_LATE
    return kinds.DELIVERIES_REFUSED


def _ago(seconds: float) -> str:
    return "just now" if seconds < 60 else f"{span(seconds)} ago"


def installation(where: str, found: InstallationFacts | None, lacks: Differences, install_page: str) -> list[Finding]:
    """Tell how the App stands on a repository; None where it is not installed there."""
    if found is None:
        told = f"The App is not installed on {where}, or there is no such repository."
        return [Finding(kinds.REPOSITORY_UNINSTALLED, told, where, page=install_page)]
    if found.suspended:
        return [
            Finding(kinds.REPOSITORY_SUSPENDED, f"The installation on {where} is suspended.", where, page=found.page)
        ]
    differs = [
        Finding(kinds.REPOSITORY_LACKS if fault else kinds.REPOSITORY_DIFFERS, one, where, page=found.page)
        for one, fault in lacks
    ]
    return differs or [Finding(kinds.REPOSITORY_OK, f"The App is installed on {where}.", where)]


def unaccepted(app: Differences, there: Differences) -> list[tuple[str, bool]]:
    """Leave out of what an installation lacks what the App itself lacks: that is told once."""
    known: Collection[str] = {one for one, _ in app}
    return [(one, fault) for one, fault in there if one not in known]


def limit(left: int, most: int, where: str) -> Finding:
    """Tell how many requests of the hour are left."""
    told = f"{left:,} of {most:,} requests are left in this hour."
    if left <= 0:
        return Finding(kinds.LIMIT_SPENT, told, where)
    return Finding(kinds.LIMIT_LOW if left * _LOW < most else kinds.LIMIT_OK, told, where)
