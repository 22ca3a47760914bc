"""Small repositories for stories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox import example
from bot.sandbox.atmos import Configured, Model


def model(needs: Mapping[str, Sequence[str]], *, stack: str = "dev", pro: Mapping[str, Any] | None = None) -> Model:
    """Make a repository with these components in one stack; `pro` gives some of them other `settings.pro`."""
    return Model(
        {
            (stack, component): Configured(
                settings={"pro": (pro or {}).get(component, example.settings_pro(component, stack))},
                needs=tuple((stack, need) for need in below),
                path=f"components/terraform/{component}",
            )
            for component, below in needs.items()
        }
    )


#: a before b and c, both before d.
DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


def activities(component: str, stack: str = "dev", **more: Any) -> dict[str, Any]:
    """Write the usual `settings.pro` with more activities of pull requests."""
    pro = example.settings_pro(component, stack)
    return pro | {"pull_request": pro["pull_request"] | more}
