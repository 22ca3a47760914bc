"""For the machines that watch this one: is it alive, and how is it doing?"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.web.answers import reply


def blueprint(health: Callable[[], dict[str, object]], registry: CollectorRegistry) -> Blueprint:
    """Make /healthz and /metrics. `health` tells with `live` whether the process deserves to go on."""
    watch = Blueprint("health", __name__)

    @watch.get("/healthz")
    def healthz() -> Response:
        told = health()
        return reply(200 if told.get("live") is True else 503, told)

    @watch.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return watch
