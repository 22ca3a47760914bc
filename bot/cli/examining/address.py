"""Ask PUBLIC_URL how the service is, as GitHub and people would reach it."""

from __future__ import annotations

import asyncio
import json
import ssl

import aiohttp

from bot.domain.checkup.facts import AddressFacts

_MOST_BYTES = 64 * 1024
_SENT_ON = range(300, 400)


async def ask(url: str, instance: str, seconds: float) -> AddressFacts:
    """Ask once, for so many seconds, and follow nowhere. `instance` is what this service says of itself."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    # A context of its own: it takes the roots that are configured now.
    connector = aiohttp.TCPConnector(ssl=await asyncio.to_thread(ssl.create_default_context))
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            session.get(f"{url}/healthz", allow_redirects=False) as answer,
        ):
            body = await answer.content.read(_MOST_BYTES)
            status, leads_to = answer.status, answer.headers.get("Location", "")
    except aiohttp.ClientConnectorCertificateError as error:
        return AddressFacts(url, untrusted=_certificate(error.certificate_error))
    except aiohttp.ClientConnectorDNSError:
        return AddressFacts(url, failed="its name has no address")
    except TimeoutError:
        return AddressFacts(url, failed=f"no answer came within {seconds:g} seconds")
    except aiohttp.ClientSSLError:
        return AddressFacts(url, failed="what answers there does not speak HTTPS")
    except aiohttp.ClientConnectorError as error:
        return AddressFacts(url, failed=(error.os_error.strerror or "no connection").lower())
    except (aiohttp.ClientError, ValueError):
        return AddressFacts(url, failed="what answers there does not speak HTTP, or broke off")
    if status in _SENT_ON:
        return AddressFacts(url, status=status, leads_to=leads_to or "nowhere")
    return _answered(url, status, body, instance)


def _answered(url: str, status: int, body: bytes, instance: str) -> AddressFacts:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    ours = isinstance(told, dict) and "live" in told and "role" in told
    return AddressFacts(
        url,
        status=status,
        ours=ours,
        live=ours and told["live"] is True,
        same=not ours or not instance or told.get("instance", instance) == instance,
    )


def _certificate(error: Exception) -> str:
    said = getattr(error, "verify_message", "") or "it cannot be verified"
    return str(said).rstrip(".")
