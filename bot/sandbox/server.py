"""The sandbox as a whole: the hub behind a real socket, with its webhooks and its clock."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from bot.sandbox import graphql, rest_actions, rest_app, rest_identity, rest_pulls, rest_repos
from bot.sandbox.faults import Faults
from bot.sandbox.gate import Asked, Gate, not_found
from bot.sandbox.hooks import Hooks
from bot.sandbox.hub import Hub
from bot.sandbox.ids import Ids
from bot.sandbox.timeline import Timeline
from bot.sandbox.tokens import Tokens

BIGGEST_REQUEST = 40 * 1024 * 1024


class Sandbox:
    """A small GitHub with state. Time is what `now` says; nothing happens by itself, `pump` makes it happen."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        app_id: int,
        app_public_key: str,
        webhook_secret: str,
        app_slug: str = "switchyard",
    ) -> None:
        ids, self._timeline, self._now = Ids(), Timeline(), now
        self.faults = Faults()
        self.hooks = Hooks(
            now=now, ids=ids, timeline=self._timeline, faults=self.faults, secret=webhook_secret, app_id=app_id
        )
        self.hub = Hub(
            now=now,
            ids=ids,
            timeline=self._timeline,
            hooks=self.hooks,
            app_id=app_id,
            app_slug=app_slug,
            app_public_key=app_public_key,
        )
        tokens = Tokens(now=now, app=lambda: self.hub.app)
        self._gate = Gate(hub=self.hub, hooks=self.hooks, tokens=tokens, faults=self.faults, now=now)
        self.app = web.Application(client_max_size=BIGGEST_REQUEST)
        routes = rest_app.ROUTES + rest_actions.ROUTES + rest_pulls.ROUTES + rest_repos.ROUTES + rest_repos.LATE_ROUTES
        routes += graphql.ROUTES
        # On github.com the API has a host of its own, on other servers a path: here it is reached by both.
        for method, path, auth, handler in [*routes, *rest_app.OPEN_ROUTES]:
            for before in ("", "/api" if path == graphql.PATH else "/api/v3"):
                self.app.router.add_route(method, before + path, self._gate.wrap(auth, handler))
        for method, path, _, handler in rest_identity.ROUTES:
            self.app.router.add_route(method, path, self._gate.wrap(None, handler))
        self.unknown = self._gate.wrap(None, not_found)
        self._runner: web.AppRunner | None = None

    @property
    def webhook_url(self) -> str | None:
        """Return where webhooks go; while it is None they are dropped when due."""
        return self.hooks.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.hooks.url = url

    @property
    def requests(self) -> list[Asked]:
        """Return every call of the API so far, oldest first."""
        return self._gate.requests

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the base address of the API, without a slash at the end."""
        self.app.router.add_route("*", "/{tail:.*}", self.unknown)
        self._runner = web.AppRunner(self.app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.hub.base_url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.hub.base_url

    async def stop(self) -> None:
        """Release what is held and stop listening."""
        self.faults.clear()
        await self.hooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def pump(self) -> int:
        """Send every webhook and take every step of Actions that is due; return how many things happened."""
        return await self._timeline.run_due(self._now)

    def next_due(self) -> float | None:
        """Return when the next thing will happen, or None."""
        return self._timeline.next_due()

    @property
    def idle(self) -> bool:
        """Tell whether nothing is happening, and nothing is going to happen by itself."""
        return self._timeline.next_due() is None and not self._timeline.busy

    async def run(self) -> None:
        """Pump for ever, on a real clock."""
        while True:
            self._timeline.changed.clear()
            await self.pump()
            due = self.next_due()
            wait = None if due is None else max(0.0, due - self._now())
            try:
                # Unlike `wait_for`, this loses no cancellation that comes together with a change.
                async with asyncio.timeout(wait):
                    await self._timeline.changed.wait()
            except TimeoutError:
                continue
