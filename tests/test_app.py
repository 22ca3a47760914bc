"""What the process tells about itself when it begins to work."""

from __future__ import annotations

import pytest

from bot import app


@pytest.mark.parametrize(
    ("public_url", "engine", "told"),
    [
        ("https://switchyard.example", "dot", "graphs are pictures, drawn by dot"),
        ("https://switchyard.example", None, "graphs are Mermaid text, since there is no Graphviz here"),
        ("", "dot", "graphs are Mermaid text, since PUBLIC_URL is not set"),
    ],
)
def test_the_log_tells_how_graphs_are_drawn(
    monkeypatch: pytest.MonkeyPatch, public_url: str, engine: str | None, told: str
) -> None:
    monkeypatch.setattr(app, "engine_name", lambda: engine)
    assert app.drawn_by(public_url) == told
