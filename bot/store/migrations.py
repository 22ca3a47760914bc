"""The tables. Migrations only add, since an older process may still serve the same file, and work on it.

What they add to a table that is there has a default and binds no row together with another one; they are quick, for
everybody waits meanwhile. `tests/store/test_upgrades.py` wants a sample of each version. What comes in keeps its form,
too: during a deploy the older process works on what the newer one has taken.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlite_utils import Database, Migrations

from bot.store.db import Db, transaction

migrations = Migrations("switchyard")

_FIRST = """
CREATE TABLE repos (
    id INTEGER PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, installation INTEGER NOT NULL,
    default_branch TEXT NOT NULL, seen_at REAL NOT NULL, pulls_read_at REAL NOT NULL DEFAULT 0,
    owner_id INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX repos_by_name ON repos (owner COLLATE NOCASE, name COLLATE NOCASE);

CREATE TABLE pulls (
    repo_id INTEGER NOT NULL, number INTEGER NOT NULL, title TEXT NOT NULL, author TEXT NOT NULL,
    head_ref TEXT NOT NULL, head_sha TEXT NOT NULL, base_ref TEXT NOT NULL, base_sha TEXT NOT NULL,
    fork INTEGER NOT NULL, draft INTEGER NOT NULL, open INTEGER NOT NULL, merged INTEGER NOT NULL,
    merge_sha TEXT NOT NULL, merged_at REAL NOT NULL, updated_at REAL NOT NULL, activity TEXT NOT NULL,
    epoch INTEGER NOT NULL, head_since REAL NOT NULL, position INTEGER NOT NULL, pushes TEXT NOT NULL,
    approved TEXT NOT NULL, paused TEXT NOT NULL, unconfirmed TEXT, token TEXT NOT NULL,
    PRIMARY KEY (repo_id, number)
) WITHOUT ROWID;
CREATE INDEX pulls_by_head ON pulls (repo_id, head_sha);
CREATE INDEX pulls_by_merge ON pulls (repo_id, merge_sha) WHERE merge_sha != '';
CREATE INDEX pulls_open ON pulls (repo_id) WHERE open;
CREATE INDEX pulls_paused ON pulls (repo_id) WHERE paused != '';
CREATE INDEX pulls_merged ON pulls (repo_id, merged_at) WHERE merged;
CREATE UNIQUE INDEX pulls_by_token ON pulls (token);
CREATE TABLE branches (
    repo_id INTEGER NOT NULL, name TEXT NOT NULL, sha TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (repo_id, name)
) WITHOUT ROWID;

-- What people told the bot, and what became of it. `done_at` is 0 while it is not handled.
CREATE TABLE commands (
    repo_id INTEGER NOT NULL, source TEXT NOT NULL, number INTEGER NOT NULL, lane TEXT NOT NULL,
    at REAL NOT NULL, done_at REAL NOT NULL, facts BLOB NOT NULL,
    PRIMARY KEY (repo_id, source, number)
) WITHOUT ROWID;
CREATE INDEX commands_by_lane ON commands (lane, done_at);

-- Commits that are worked without a pull request: of merge queues, and of releases.
CREATE TABLE commits (
    lane TEXT PRIMARY KEY, repo_id INTEGER NOT NULL, sha TEXT NOT NULL, pull INTEGER NOT NULL, facts BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX commits_by_sha ON commits (repo_id, sha);
CREATE INDEX commits_by_pull ON commits (repo_id, pull) WHERE pull;

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, guid TEXT UNIQUE, repo_id INTEGER, lane TEXT,
    state TEXT NOT NULL DEFAULT 'new', park TEXT, at REAL NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', done_at REAL, body BLOB
);
CREATE INDEX inbox_unplaced ON inbox (id) WHERE state = 'new' AND lane IS NULL;
CREATE INDEX inbox_by_lane ON inbox (lane, id) WHERE state = 'new' AND lane IS NOT NULL;
CREATE INDEX inbox_due ON inbox (due, at) WHERE state = 'new';
CREATE INDEX inbox_open ON inbox (state) WHERE state != 'done';
CREATE INDEX inbox_parked ON inbox (park) WHERE state = 'parked';
CREATE INDEX inbox_finished ON inbox (done_at) WHERE state IN ('done', 'dead');
CREATE INDEX inbox_bodies ON inbox (done_at) WHERE state = 'done' AND body IS NOT NULL;

CREATE TABLE outbox (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, lane TEXT NOT NULL, repo_id INTEGER NOT NULL,
    want INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0, since REAL NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, looks INTEGER NOT NULL DEFAULT 0, doubt_since REAL NOT NULL DEFAULT 0,
    floor INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'open', error TEXT NOT NULL DEFAULT '',
    remote INTEGER NOT NULL DEFAULT 0, hash TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_runs ON outbox (lane) WHERE kind = 'run';
CREATE INDEX outbox_checks ON outbox (lane) WHERE kind = 'pull_check';
CREATE INDEX outbox_due ON outbox (due) WHERE state = 'open' AND want > done;
-- What was written about a comment or a check run of the outbox, and when.
CREATE TABLE told (
    key TEXT PRIMARY KEY, at REAL NOT NULL, times INTEGER NOT NULL, about INTEGER NOT NULL, gist TEXT NOT NULL,
    made INTEGER NOT NULL, alone INTEGER NOT NULL, problem TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE uploads (
    id INTEGER PRIMARY KEY, lane TEXT NOT NULL, head_sha TEXT NOT NULL, content TEXT NOT NULL,
    received_at REAL NOT NULL, body BLOB NOT NULL
);
CREATE INDEX uploads_by_lane ON uploads (lane, id);

-- With rowids, and what is large last: else SQLite reads whole bodies to compare keys and to find what stands behind.
CREATE TABLE chunks (
    kind TEXT NOT NULL, repo_id INTEGER NOT NULL, credential TEXT NOT NULL, batch_id TEXT NOT NULL,
    batch_index INTEGER NOT NULL, batch_total INTEGER NOT NULL, digest TEXT NOT NULL, at REAL NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, repo_id, credential, batch_id, batch_index)
);

CREATE TABLE rollouts (
    id INTEGER PRIMARY KEY, repo_id INTEGER NOT NULL, lane TEXT NOT NULL, pull INTEGER NOT NULL,
    activity TEXT NOT NULL, phase TEXT NOT NULL, sha TEXT NOT NULL, created_at REAL NOT NULL,
    current INTEGER NOT NULL DEFAULT 1, facts BLOB NOT NULL
);
CREATE INDEX rollouts_by_lane ON rollouts (lane, id);
CREATE INDEX rollouts_by_pull ON rollouts (repo_id, pull, id);
CREATE INDEX rollouts_by_sha ON rollouts (repo_id, sha);

CREATE TABLE steps (
    rollout_id INTEGER NOT NULL, idx INTEGER NOT NULL, stack TEXT NOT NULL, component TEXT NOT NULL,
    facts BLOB NOT NULL,
    PRIMARY KEY (rollout_id, idx)
) WITHOUT ROWID;

CREATE INDEX steps_by_instance ON steps (stack, component, rollout_id);

-- What applies do to each instance. `status` is empty while a step was not sent.
CREATE TABLE places (
    repo_id INTEGER NOT NULL, stack TEXT NOT NULL, component TEXT NOT NULL, rollout_id INTEGER NOT NULL,
    idx INTEGER NOT NULL, lane TEXT NOT NULL, branch TEXT NOT NULL, position INTEGER NOT NULL, status TEXT NOT NULL,
    sent INTEGER NOT NULL, open INTEGER NOT NULL, destroys INTEGER NOT NULL, planned_at REAL NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (repo_id, stack, component, rollout_id)
) WITHOUT ROWID;
CREATE INDEX places_unsettled ON places (rollout_id) WHERE status != 'succeeded' AND NOT open;
CREATE INDEX places_rivals ON places (repo_id, rollout_id, lane) WHERE status = '' OR open;
CREATE INDEX places_sent ON places (repo_id, branch, position) WHERE sent;
CREATE INDEX places_destroys ON places (repo_id, branch, position) WHERE destroys AND sent;
CREATE INDEX places_destroying ON places (repo_id) WHERE destroys AND open;
CREATE INDEX places_to_destroy ON places (repo_id, lane) WHERE destroys AND status = '';
CREATE INDEX places_done ON places (repo_id, at, lane) WHERE status = 'succeeded';
CREATE INDEX places_ended ON places (at) WHERE at > 0 AND NOT open;
-- Which lanes look again whenever another one moves.
CREATE TABLE behind (lane TEXT NOT NULL, on_lane TEXT NOT NULL, PRIMARY KEY (on_lane, lane)) WITHOUT ROWID;
CREATE INDEX behind_by_lane ON behind (lane);

-- How long the latest runs took that succeeded, in seconds, as a JSON list; oldest first.
CREATE TABLE durations (
    repo_id INTEGER NOT NULL, stack TEXT NOT NULL, component TEXT NOT NULL, workflow TEXT NOT NULL,
    seconds TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (repo_id, stack, component, workflow)
) WITHOUT ROWID;
CREATE INDEX durations_by_time ON durations (at);
-- `repo_id` 0 stands for all.
CREATE TABLE freezes (repo_id INTEGER PRIMARY KEY, reason TEXT NOT NULL, by TEXT NOT NULL, at REAL NOT NULL);

CREATE TABLE dispatches (
    id TEXT PRIMARY KEY, rollout_id INTEGER NOT NULL, idx INTEGER NOT NULL, repo_id INTEGER NOT NULL,
    lane TEXT NOT NULL, workflow TEXT NOT NULL, status TEXT NOT NULL, in_flight INTEGER NOT NULL,
    open INTEGER NOT NULL, run_id INTEGER NOT NULL, latest INTEGER NOT NULL, facts BLOB NOT NULL,
    heard_at REAL NOT NULL, asked INTEGER NOT NULL DEFAULT 0, news_at REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX dispatches_by_rollout ON dispatches (rollout_id, idx);
CREATE INDEX dispatches_by_run ON dispatches (run_id);
CREATE INDEX dispatches_in_flight ON dispatches (repo_id, lane) WHERE in_flight;
CREATE INDEX dispatches_open ON dispatches (heard_at) WHERE open;
CREATE INDEX dispatches_heard ON dispatches (heard_at) WHERE latest;

CREATE TABLE waiting (
    repo_id INTEGER NOT NULL, lane TEXT NOT NULL, rollout_id INTEGER NOT NULL, phase TEXT NOT NULL,
    steps INTEGER NOT NULL, kept INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repo_id, lane, rollout_id)
) WITHOUT ROWID;

CREATE TABLE instances (
    repo_id INTEGER NOT NULL, stack TEXT NOT NULL, component TEXT NOT NULL, pro BLOB, parents BLOB NOT NULL,
    seen_at REAL NOT NULL, listed_at REAL NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repo_id, stack, component)
) WITHOUT ROWID;

CREATE TABLE affected_runs (
    run_id INTEGER PRIMARY KEY, repo_id INTEGER NOT NULL, lane TEXT NOT NULL, workflow TEXT NOT NULL,
    head_sha TEXT NOT NULL, status TEXT NOT NULL, conclusion TEXT NOT NULL, attempt INTEGER NOT NULL,
    updated_at REAL NOT NULL, created_at REAL NOT NULL, heard_at REAL NOT NULL, asked_at REAL NOT NULL
);
CREATE INDEX affected_runs_by_lane ON affected_runs (lane, head_sha);
CREATE INDEX affected_runs_open ON affected_runs (heard_at) WHERE status != 'completed';
CREATE TABLE uploaders (
    repo_id INTEGER NOT NULL, workflow TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (repo_id, workflow)
) WITHOUT ROWID;

CREATE TABLE keys (
    id INTEGER PRIMARY KEY, repo_id INTEGER NOT NULL, hash TEXT NOT NULL UNIQUE, allow TEXT NOT NULL,
    created_at REAL NOT NULL, revoked_at REAL, used_at REAL, name TEXT NOT NULL DEFAULT '', expires_at REAL
);
CREATE TABLE spent_tokens (id TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;

CREATE TABLE locks (
    repo_id INTEGER NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, holder TEXT NOT NULL, owner TEXT NOT NULL,
    message TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL, expires_at REAL NOT NULL,
    PRIMARY KEY (repo_id, name)
) WITHOUT ROWID;

CREATE TABLE inventories (
    repo_id INTEGER PRIMARY KEY, sha TEXT NOT NULL, run_id INTEGER NOT NULL, at REAL NOT NULL, size INTEGER NOT NULL
);
CREATE TABLE inventory (
    repo_id INTEGER NOT NULL, stack TEXT NOT NULL, component TEXT NOT NULL, type TEXT NOT NULL,
    PRIMARY KEY (repo_id, stack, component, type)
) WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, repo_id INTEGER NOT NULL, lane TEXT NOT NULL, actor TEXT NOT NULL,
    action TEXT NOT NULL, rollout_id INTEGER NOT NULL DEFAULT 0, target TEXT NOT NULL, cause TEXT NOT NULL
);
CREATE INDEX audit_by_repo ON audit (repo_id, id);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_lane ON audit (lane, id);
-- As the chunks.
CREATE TABLE graphs (
    token TEXT NOT NULL, hash TEXT NOT NULL, at REAL NOT NULL, light BLOB NOT NULL, dark BLOB NOT NULL,
    PRIMARY KEY (token, hash)
);
CREATE TABLE redeliveries (guid TEXT PRIMARY KEY, tries INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@migrations()
def m001_tables(db: Database) -> None:
    """Create everything that the main job needs."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


class Newer(sqlite3.DatabaseError):
    """A newer Switchyard has changed the file: what this one would read and write there, nobody has tried."""


def unknown(db: Database) -> list[str]:
    """Name the migrations of a file that this program does not know, as a newer one made them."""
    with closing(Database(memory=True)) as empty:
        known = {one.name for one in migrations.pending(empty)}
    return [one.name for one in migrations.applied(db) if one.name not in known]


def migrate(db: Db) -> None:
    """Bring the file up to date, wholly or not at all. Two processes that start together take turns. Raises Newer."""
    with transaction(db):
        if made := unknown(db):
            raise Newer(f"a newer Switchyard has changed it ({', '.join(made)})")
        migrations.apply(db)
