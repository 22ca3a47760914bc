"""Pictures of graphs, under addresses that cannot be guessed and never change their content."""

from __future__ import annotations

from bot.store.db import Db


def has(db: Db, token: str, digest: str) -> bool:
    """Tell whether a picture is kept."""
    return db.row("SELECT 1 FROM graphs WHERE token = ? AND hash = ?", token, digest) is not None


def get(db: Db, token: str, digest: str, *, dark: bool) -> bytes | None:
    """Read a picture as it is for light pages, or for dark ones; None where it is not kept."""
    row = db.row(
        "SELECT CASE WHEN ? THEN dark ELSE light END AS svg FROM graphs WHERE token = ? AND hash = ?",
        dark,
        token,
        digest,
    )
    return bytes(row["svg"]) if row else None


def put(db: Db, token: str, digest: str, light: bytes, dark: bytes, *, now: float) -> None:
    """Keep a picture. It must be there before any comment names it: image proxies remember a miss."""
    db.write(
        "INSERT OR IGNORE INTO graphs (token, hash, light, dark, at) VALUES (?, ?, ?, ?, ?)",
        token,
        digest,
        light,
        dark,
        now,
    )


def prune(db: Db, now: float) -> None:
    """Forget pictures older than a week, but keep the latest two of each pull request."""
    db.write(
        "DELETE FROM graphs WHERE at < ? AND (token, hash) NOT IN (SELECT token, hash FROM "
        "(SELECT token, hash, row_number() OVER (PARTITION BY token ORDER BY at DESC) AS place FROM graphs) "
        "WHERE place <= 2)",
        now - 7 * 86_400.0,
    )
