-- head of #1: 70e98d1c3d06b0fb6f7476288f268acb81cd0422
-- merge of #1: b137cb70ae017027276314f3682f600ba863b839
-- head of #2: 19380070a5a576086ff0ae9e43d6bce8f26ad2ee
-- merge of #2: 1e471d2381734582263b152a8534210f0b66c2fb
-- head of #3: fd99b4c9f2ddc964131be005328b08f9ac745901
-- comment on #1: 2700000002
-- comment on #2: 2700000001
-- comment on #3: 2700000004
-- run plan dev/vpc at head of #1: 11500000003
-- dispatch plan dev/vpc at head of #1: sy-0000000000000001
-- run plan dev/database at head of #1: 11500000004
-- dispatch plan dev/database at head of #1: sy-0000000000000002
-- run plan dev/api at head of #1: 11500000005
-- dispatch plan dev/api at head of #1: sy-0000000000000003
-- run plan dev/database at head of #2: 11500000006
-- dispatch plan dev/database at head of #2: sy-0000000000000004
-- run plan dev/api at head of #2: 11500000007
-- dispatch plan dev/api at head of #2: sy-0000000000000005
-- run apply dev/vpc at merge of #1: 11500000009
-- dispatch apply dev/vpc at merge of #1: sy-0000000000000006
-- run apply dev/database at merge of #1: 11500000012
-- dispatch apply dev/database at merge of #1: sy-0000000000000007
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
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
CREATE TABLE commands (
    repo_id INTEGER NOT NULL, source TEXT NOT NULL, number INTEGER NOT NULL, lane TEXT NOT NULL,
    at REAL NOT NULL, done_at REAL NOT NULL, facts BLOB NOT NULL,
    PRIMARY KEY (repo_id, source, number)
) WITHOUT ROWID;
CREATE INDEX commands_by_lane ON commands (lane, done_at);
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
CREATE TABLE told (
    key TEXT PRIMARY KEY, at REAL NOT NULL, times INTEGER NOT NULL, about INTEGER NOT NULL, gist TEXT NOT NULL,
    made INTEGER NOT NULL, alone INTEGER NOT NULL, problem TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE uploads (
    id INTEGER PRIMARY KEY, lane TEXT NOT NULL, head_sha TEXT NOT NULL, content TEXT NOT NULL,
    received_at REAL NOT NULL, body BLOB NOT NULL
);
CREATE INDEX uploads_by_lane ON uploads (lane, id);
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
CREATE TABLE behind (lane TEXT NOT NULL, on_lane TEXT NOT NULL, PRIMARY KEY (on_lane, lane)) WITHOUT ROWID;
CREATE INDEX behind_by_lane ON behind (lane);
CREATE TABLE durations (
    repo_id INTEGER NOT NULL, stack TEXT NOT NULL, component TEXT NOT NULL, workflow TEXT NOT NULL,
    seconds TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (repo_id, stack, component, workflow)
) WITHOUT ROWID;
CREATE INDEX durations_by_time ON durations (at);
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
CREATE TABLE graphs (
    token TEXT NOT NULL, hash TEXT NOT NULL, at REAL NOT NULL, light BLOB NOT NULL, dark BLOB NOT NULL,
    PRIMARY KEY (token, hash)
);
CREATE TABLE redeliveries (guid TEXT PRIMARY KEY, tries INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO _sqlite_migrations (id, migration_set, name, applied_at) VALUES (1, 'switchyard', 'm001_tables', '2026-05-04 10:00:00');
INSERT INTO repos (id, owner, name, installation, default_branch, seen_at, pulls_read_at, owner_id) VALUES (812000001, 'acme', 'infra', 52000001, 'main', 1777888800.0, 1777888862.0, 4100002);
INSERT INTO pulls (repo_id, number, title, author, head_ref, head_sha, base_ref, base_sha, fork, draft, open, merged, merge_sha, merged_at, updated_at, activity, epoch, head_since, position, pushes, approved, paused, unconfirmed, token) VALUES (812000001, 1, 'Change vpc', 'dev', 'first', '70e98d1c3d06b0fb6f7476288f268acb81cd0422', 'main', '2105b027a5c5a9f006e409c3fe81274e2e3ac65b', 0, 0, 0, 1, 'b137cb70ae017027276314f3682f600ba863b839', 1777888864.0, 1777888864.0, 'opened', 2, 1777888800.0, 1000000000, CAST('[1777888800.0]' AS BLOB), CAST('[]' AS BLOB), '', NULL, 'eLDXh_4qapMIqtsvBJ-tgR0SmoSVuRkz');
INSERT INTO pulls (repo_id, number, title, author, head_ref, head_sha, base_ref, base_sha, fork, draft, open, merged, merge_sha, merged_at, updated_at, activity, epoch, head_since, position, pushes, approved, paused, unconfirmed, token) VALUES (812000001, 2, 'Change database', 'dev', 'second', '19380070a5a576086ff0ae9e43d6bce8f26ad2ee', 'main', '2105b027a5c5a9f006e409c3fe81274e2e3ac65b', 0, 0, 0, 1, '1e471d2381734582263b152a8534210f0b66c2fb', 1777888914.0, 1777888914.0, 'opened', 2, 1777888800.0, 1000000001, CAST('[1777888800.0]' AS BLOB), CAST('[]' AS BLOB), '', NULL, 'AlOIN8GT7H5cecLndM5f-Hc2XVRAinop');
INSERT INTO pulls (repo_id, number, title, author, head_ref, head_sha, base_ref, base_sha, fork, draft, open, merged, merge_sha, merged_at, updated_at, activity, epoch, head_since, position, pushes, approved, paused, unconfirmed, token) VALUES (812000001, 3, 'Change api', 'dev', 'third', 'fd99b4c9f2ddc964131be005328b08f9ac745901', 'main', '1e471d2381734582263b152a8534210f0b66c2fb', 0, 0, 1, 0, '', 0.0, 1777888914.0, 'opened', 1, 1777888914.508, 0, CAST('[1777888914.508]' AS BLOB), CAST('[]' AS BLOB), '', NULL, '4GoO1NgeADAdgfiNdgdsVDeVEsrfgKFM');
INSERT INTO branches (repo_id, name, sha, position) VALUES (812000001, 'main', '1e471d2381734582263b152a8534210f0b66c2fb', 1000000001);
INSERT INTO commands (repo_id, source, number, lane, at, done_at, facts) VALUES (812000001, 'comment:2700000003', 0, '812000001#1', 1777888914.0, 1777888914.508, CAST('{"source":"comment:2700000003","number":0,"by":"lead","written":"/atmos status","at":1777888914.0,"done_at":1777888914.508,"done":true,"sentence":"GitHub was asked about 1 run.","command":{"name":"status","targets":[],"flags":[],"text":""}}' AS BLOB));
INSERT INTO commits (lane, repo_id, sha, pull, facts) VALUES ('made up', 7, 'made up', 7, CAST('made up' AS BLOB));
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (133, 'nudge', NULL, 812000001, '812000001#2', 'done', NULL, 1777888968.508, 1777888968.508, 0, 'looked again', 1777888968.508, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (134, 'nudge', NULL, 812000001, '812000001#2', 'done', NULL, 1777888968.508, 1777888968.508, 0, 'looked again', 1777888968.508, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (135, 'issue_comment', '8236bb46-5c58-11f0-e319-08fd0732dbda', NULL, NULL, 'done', NULL, 1777888968.52, 1777888968.52, 0, 'only a new comment is read', 1777888968.52, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (136, 'workflow_run', '4bdd36b7-c36f-11f0-43ff-8899696e21b6', 812000001, '812000001#1', 'done', NULL, 1777888970.508, 1777888970.508, 0, 'dev/database is running', 1777888970.508, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (137, 'workflow_job', '2dee6ea8-e48e-11f0-b809-0c6d7cfd9b3c', NULL, NULL, 'done', NULL, 1777888970.508, 1777888970.508, 0, 'the run itself tells enough', 1777888970.508, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (138, 'nudge', NULL, 812000001, '812000001#2', 'done', NULL, 1777888970.508, 1777888970.508, 0, 'looked again', 1777888970.508, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (139, 'issue_comment', 'f10c0c1e-7ec7-11f0-1628-d60844f8dfbd', NULL, NULL, 'done', NULL, 1777888972.52, 1777888972.52, 0, 'only a new comment is read', 1777888972.52, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (140, 'nudge', NULL, 812000001, '812000001#2', 'done', NULL, 1777888982.0, 1777888982.0, 0, 'looked again', 1777888982.0, NULL);
INSERT INTO inbox (id, kind, guid, repo_id, lane, state, park, at, due, attempts, reason, done_at, body) VALUES (141, 'nudge', NULL, 812000001, '812000001#3', 'done', NULL, 1777888982.0, 1777888982.0, 0, 'looked again', 1777888982.0, NULL);
INSERT INTO outbox (key, kind, lane, repo_id, want, done, since, due, attempts, looks, doubt_since, floor, state, error, remote, hash) VALUES ('comment:812000001#1', 'comment', '812000001#1', 812000001, 35, 35, 1777888970.508, 1777888972.52, 0, 0, 0.0, 0, 'open', '', 2700000002, 'c6c7405bbc8100625bbc9eee44f1a1aa84c61a0a75e7467b19e18f4fa0c3363e');
INSERT INTO outbox (key, kind, lane, repo_id, want, done, since, due, attempts, looks, doubt_since, floor, state, error, remote, hash) VALUES ('comment:812000001#2', 'comment', '812000001#2', 812000001, 29, 29, 1777888982.0, 1777888984.008, 0, 0, 0.0, 0, 'open', '', 2700000001, '4fce0169a8566b3f8852f9d0cd9f7afa14a5f7f8bfefd644074fb309522f4164');
INSERT INTO outbox (key, kind, lane, repo_id, want, done, since, due, attempts, looks, doubt_since, floor, state, error, remote, hash) VALUES ('comment:812000001#3', 'comment', '812000001#3', 812000001, 6, 6, 1777888982.0, 1777888984.004, 0, 0, 0.0, 0, 'open', '', 2700000004, '67e6ce529e73d93393dd8d3471af2177e1681d5cd8396532a3bbf583a312f0d6');
INSERT INTO outbox (key, kind, lane, repo_id, want, done, since, due, attempts, looks, doubt_since, floor, state, error, remote, hash) VALUES ('pull_check:812000001#1@b137cb70ae017027276314f3682f600ba863b839', 'pull_check', '812000001#1', 812000001, 15, 15, 1777888970.508, 1777888983.0330362, 0, 0, 0.0, 0, 'open', '', 31000000003, '6e52cb88da350861c4ade0164387fb7b98b3ed0fc81314d3ea6b5e19a3997232');
INSERT INTO outbox (key, kind, lane, repo_id, want, done, since, due, attempts, looks, doubt_since, floor, state, error, remote, hash) VALUES ('pull_check:812000001#2@1e471d2381734582263b152a8534210f0b66c2fb', 'pull_check', '812000001#2', 812000001, 13, 13, 1777888982.0, 1777888984.508, 0, 0, 0.0, 0, 'open', '', 31000000005, 'e540ce01bc110c32c4339fdfbf0dd54a932cfebb66f48a5e45ac04ccd472f38c');
INSERT INTO outbox (key, kind, lane, repo_id, want, done, since, due, attempts, looks, doubt_since, floor, state, error, remote, hash) VALUES ('pull_check:812000001#3@fd99b4c9f2ddc964131be005328b08f9ac745901', 'pull_check', '812000001#3', 812000001, 7, 7, 1777888982.0, 1777888984.504, 0, 0, 0.0, 0, 'open', '', 31000000004, 'dac835c1872dc0c4f819fef713b25c0149cd6d9575e3b398076b196a53aaaf85');
INSERT INTO told (key, at, times, about, gist, made, alone, problem) VALUES ('comment:812000001#1', 1777888972.52, 5, 3, 'fd9ef189e79dc7663eebd961ee2a85ffe7edbe34e43a32cd54e2779e11294d1d', 1, 1, '');
INSERT INTO told (key, at, times, about, gist, made, alone, problem) VALUES ('comment:812000001#2', 1777888916.5159998, 1, 4, '5fdc0184f47274b79f3d309f33c28d3bd3e9c8b17cffe253427a509dfe3c7847', 1, 1, '');
INSERT INTO told (key, at, times, about, gist, made, alone, problem) VALUES ('comment:812000001#3', 1777888918.5119998, 1, 5, '60f2d7cd60f80e4691bb456bf65d4a677a270cf0a56a5fe6c5195e458c0ba4df', 1, 1, '');
INSERT INTO told (key, at, times, about, gist, made, alone, problem) VALUES ('pull_check:812000001#1@b137cb70ae017027276314f3682f600ba863b839', 1777888983.0330362, 5, 3, ' cd0efce7adcd8f96ca9991f0d18ca2c41b8a9b3a8a74ad71dddf3256dee8ffee', 0, 0, '');
INSERT INTO told (key, at, times, about, gist, made, alone, problem) VALUES ('pull_check:812000001#2@1e471d2381734582263b152a8534210f0b66c2fb', 1777888917.0159998, 1, 4, ' 0073c2836871ef03647f02460c0809830b00876a491c747c6e1e7931b35facaa', 0, 0, '');
INSERT INTO told (key, at, times, about, gist, made, alone, problem) VALUES ('pull_check:812000001#3@fd99b4c9f2ddc964131be005328b08f9ac745901', 1777888917.008, 1, 5, ' 64983ed3eaccc2c04d9278262f05f3ac2ac9cd2da0d746048f2d7f91b7e90280', 0, 0, '');
INSERT INTO uploads (id, lane, head_sha, content, received_at, body) VALUES (1, '812000001#1', '70e98d1c3d06b0fb6f7476288f268acb81cd0422', '14e8e993e9849ff9bb35e5acfd13ec4ee95e8fa2cad707358ffd4ee88066eafd', 1777888802.0, X'785ED5556D6EA33010FDDB73F877DA382401929354AA5668B0C701D5D85E631265510FD143F55E3B2ECD365195A82B81B4CB1FF07CF8CDBC79235EDFEE1E7B5621C8A2AD806D59C67193CB85584A9E965C95A9CA56599AE4B94AD21C44992F84E4AB24613356428B1F59C982AF4B9E64B0166BD828CE535CF18D582ACC1749B6C2049720D27549591E9D2D3AAF09AB0AC1B5DBF97C5787AA2B1F846DE6201A9CD7467938851A6890622F6CF660D09331469FE22ADB06327DDE458E3680786ED9F6A96774B9B3064D8CD93B41CE3F96221C5D84B8B03908D5607BBF843E25EE4FA7A2D5DD6EF082522802CACB53019A1A349DD633CA736824217F2D444280C8E268D5DCC002574F03F36346C311BA93288BDA14E72528D02D128318426D76D47FCF9CB7F185064A1D590BBEA308474C151E7F761887D8334B94456FCF0ED63F2B6D0FEFC9101ADBDE07F41E94F5CDBDD3601E8ED010D73D15E1BAC8F1E5AC87B6CF67F8420F598E4654DE9AFA178D7E3A188FD3B7D2A0DF7D832C704E1FFF9AADD9C7461568F635F1D50C2B14972112199F7F5B00673B36B90A6E628D29859B4023EAE10ACE7F2F8AE10F30B91EAEC18C29856B1823AAE02BC47704F0F21B11E3F2AF');
INSERT INTO uploads (id, lane, head_sha, content, received_at, body) VALUES (2, '812000001#2', '19380070a5a576086ff0ae9e43d6bce8f26ad2ee', 'd1e818fdb30abe5f940bca10ed874caad64835583a4813366f60068375f12ea4', 1777888802.0, X'785ECD535B4EC33010FCE222FE2ED44D9BF4711584AC8DB36E221CDBD80E5589380487E23E1C81356DA1110215A995F04FE4D9C7ECAC272FAF576F3DAB112A116A602B36594E179CCF39E490CF0BBE2894E2804B9C4DABA294B85059015586C846AC8480FBAA6CC2F3926773C8650E4BC5798133BE9453858B49369F61865390455E5295476745E73571D531BAB01A8FD74DACBBF246DA760CB2C57163948743AA8116297780D98D414F60CA3EE4D5364482BE7A51204490F781AD6E7B46CD9D3568524E0511D2F094F1098BB8758967803988F50EFBE8944AF1F170134177EB5D14944219B11ADE046852693AAD4754E7D05444FF7D1A70CDD90619D0DC8D686B52771556A231E238A640072455186363D63453CF9CB7E983064A9D9444DF5186A3E985C7870ED3767B6649468AF66C63FDBDD276F3510CB1B5E13AA2F7A0AC6FAF9D0673B38596F4F73484EB92EEE123EC641FEFF5990E215B236B6F4DF344CF71391A8F9797D2A25F9FB02C704E6FFFBCADD1DEEA02CD6343FB6AF7DE2683A645A6F3BF0D70F4175EDC05BF729DD30ABF129DD10F3FF09C628AE777D7611773');
INSERT INTO uploads (id, lane, head_sha, content, received_at, body) VALUES (3, '812000001#1', '70e98d1c3d06b0fb6f7476288f268acb81cd0422', '14e8e993e9849ff9bb35e5acfd13ec4ee95e8fa2cad707358ffd4ee88066eafd', 1777888866.508, X'785ED5556D6EA33010FDDB73F877DA382401929354AA5668B0C701D5D85E631265510FD143F55E3B2ECD365195A82B81B4CB1FF07CF8CDBC79235EDFEE1E7B5621C8A2AD806D59C67193CB85584A9E965C95A9CA56599AE4B94AD21C44992F84E4AB24613356428B1F59C982AF4B9E64B0166BD828CE535CF18D582ACC1749B6C2049720D27549591E9D2D3AAF09AB0AC1B5DBF97C5787AA2B1F846DE6201A9CD7467938851A6890622F6CF660D09331469FE22ADB06327DDE458E3680786ED9F6A96774B9B3064D8CD93B41CE3F96221C5D84B8B03908D5607BBF843E25EE4FA7A2D5DD6EF082522802CACB53019A1A349DD633CA736824217F2D444280C8E268D5DCC002574F03F36346C311BA93288BDA14E72528D02D128318426D76D47FCF9CB7F185064A1D590BBEA308474C151E7F761887D8334B94456FCF0ED63F2B6D0FEFC9101ADBDE07F41E94F5CDBDD3601E8ED010D73D15E1BAC8F1E5AC87B6CF67F8420F598E4654DE9AFA178D7E3A188FD3B7D2A0DF7D832C704E1FFF9AADD9C7461568F635F1D50C2B14972112199F7F5B00673B36B90A6E628D29859B4023EAE10ACE7F2F8AE10F30B91EAEC18C29856B1823AAE02BC47704F0F21B11E3F2AF');
INSERT INTO uploads (id, lane, head_sha, content, received_at, body) VALUES (4, '812000001#2', '19380070a5a576086ff0ae9e43d6bce8f26ad2ee', 'd1e818fdb30abe5f940bca10ed874caad64835583a4813366f60068375f12ea4', 1777888916.508, X'785ECD535B4EC33010FCE222FE2ED44D9BF4711584AC8DB36E221CDBD80E5589380487E23E1C81356DA1110215A995F04FE4D9C7ECAC272FAF576F3DAB112A116A602B36594E179CCF39E490CF0BBE2894E2804B9C4DABA294B85059015586C846AC8480FBAA6CC2F3926773C8650E4BC5798133BE9453858B49369F61865390455E5295476745E73571D531BAB01A8FD74DACBBF246DA760CB2C57163948743AA8116297780D98D414F60CA3EE4D5364482BE7A51204490F781AD6E7B46CD9D3568524E0511D2F094F1098BB8758967803988F50EFBE8944AF1F170134177EB5D14944219B11ADE046852693AAD4754E7D05444FF7D1A70CDD90619D0DC8D686B52771556A231E238A640072455186363D63453CF9CB7E983064A9D9444DF5186A3E985C7870ED3767B6649468AF66C63FDBDD276F3510CB1B5E13AA2F7A0AC6FAF9D0673B38596F4F73484EB92EEE123EC641FEFF5990E215B236B6F4DF344CF71391A8F9797D2A25F9FB02C704E6FFFBCADD1DEEA02CD6343FB6AF7DE2683A645A6F3BF0D70F4175EDC05BF729DD30ABF129DD10F3FF09C628AE777D7611773');
INSERT INTO uploads (id, lane, head_sha, content, received_at, body) VALUES (5, '812000001#3', 'fd99b4c9f2ddc964131be005328b08f9ac745901', 'ef60bc3a36ae22ce9db18bc2db893784e891c39ec672c7670d8e14e956f91c43', 1777888916.508, X'785EB5524B4E03310C5D7093AC0B9D6F3BD3AB20143989D31991494292A12A230EC1A1B8170EA5402516B0209B24CFCF7EF6935F5EAFDCC20604C5E3006CC7B4EA7BD1C85E574AC97ED3947529B028DABAEA44D1E91EE4B669FBA2642B2620E2475689CDB65455DD95DBBA69BBAADAD4A26C2BE8DABAA9CA421762B39195169415D03B3E07435A434A3EEED6EBFD988659DC4837AD414EB81EAD0E70A65A9890B817983B580C0466F69937B89808FAAA45819840DE47B6BB5D1815F7CEA2CD1CF023053F119E8E3E4B5C601ED270C2DE8BD053E1E3F9C7A399F7A728688D32A1BAFC713034A09D8D59519E47AB48393772B7A249A499152A3E5AFE3DA6C14424394C69B47B222FCC07972FB4204C9648612686A7B23CE0C38C79E28539AA9FA30B3BB870AF8D3BBC27439A5CBC4E18026817A66B6FC0DE1C61A2C6166AC2CFB9A19F8CF93EF0331DEAE968E5109C1D9FC8A7FF9309F8FFA34C18F6BF300BBC37C73FBBB5FA583F8EF67124BFA6D3BEE5CDC946E673F7FC06584F2FC8');
INSERT INTO chunks (kind, repo_id, credential, batch_id, batch_index, batch_total, digest, at, body) VALUES ('made up', 7, 'made up', 'made up', 7, 7, 'made up', 7.0, CAST('made up' AS BLOB));
INSERT INTO rollouts (id, repo_id, lane, pull, activity, phase, sha, created_at, current, facts) VALUES (1, 812000001, '812000001#1', 1, 'pull_request.opened', 'plan', '70e98d1c3d06b0fb6f7476288f268acb81cd0422', 1777888802.0, 1, CAST('{"id":1,"repo_id":812000001,"lane":"812000001#1","pull":1,"activity":"pull_request.opened","phase":"plan","sha":"70e98d1c3d06b0fb6f7476288f268acb81cd0422","ref":"first","base_sha":"2105b027a5c5a9f006e409c3fe81274e2e3ac65b","epoch":1,"content":"14e8e993e9849ff9bb35e5acfd13ec4ee95e8fa2cad707358ffd4ee88066eafd","created_at":1777888802.0,"size":3,"superseded_by":"","notes":[],"checks_head":false,"branch":"main","position":0,"restored_at":0.0}' AS BLOB));
INSERT INTO rollouts (id, repo_id, lane, pull, activity, phase, sha, created_at, current, facts) VALUES (2, 812000001, '812000001#2', 2, 'pull_request.opened', 'plan', '19380070a5a576086ff0ae9e43d6bce8f26ad2ee', 1777888802.0, 1, CAST('{"id":2,"repo_id":812000001,"lane":"812000001#2","pull":2,"activity":"pull_request.opened","phase":"plan","sha":"19380070a5a576086ff0ae9e43d6bce8f26ad2ee","ref":"second","base_sha":"2105b027a5c5a9f006e409c3fe81274e2e3ac65b","epoch":1,"content":"d1e818fdb30abe5f940bca10ed874caad64835583a4813366f60068375f12ea4","created_at":1777888802.0,"size":2,"superseded_by":"","notes":[],"checks_head":false,"branch":"main","position":0,"restored_at":0.0}' AS BLOB));
INSERT INTO rollouts (id, repo_id, lane, pull, activity, phase, sha, created_at, current, facts) VALUES (3, 812000001, '812000001#1', 1, 'pull_request.merged', 'apply', 'b137cb70ae017027276314f3682f600ba863b839', 1777888866.508, 1, CAST('{"id":3,"repo_id":812000001,"lane":"812000001#1","pull":1,"activity":"pull_request.merged","phase":"apply","sha":"b137cb70ae017027276314f3682f600ba863b839","ref":"main","base_sha":"2105b027a5c5a9f006e409c3fe81274e2e3ac65b","epoch":2,"content":"14e8e993e9849ff9bb35e5acfd13ec4ee95e8fa2cad707358ffd4ee88066eafd","created_at":1777888866.508,"size":3,"superseded_by":"","notes":[],"checks_head":false,"branch":"main","position":1000000000,"restored_at":0.0}' AS BLOB));
INSERT INTO rollouts (id, repo_id, lane, pull, activity, phase, sha, created_at, current, facts) VALUES (4, 812000001, '812000001#2', 2, 'pull_request.merged', 'apply', '1e471d2381734582263b152a8534210f0b66c2fb', 1777888916.508, 1, CAST('{"id":4,"repo_id":812000001,"lane":"812000001#2","pull":2,"activity":"pull_request.merged","phase":"apply","sha":"1e471d2381734582263b152a8534210f0b66c2fb","ref":"main","base_sha":"2105b027a5c5a9f006e409c3fe81274e2e3ac65b","epoch":2,"content":"d1e818fdb30abe5f940bca10ed874caad64835583a4813366f60068375f12ea4","created_at":1777888916.508,"size":2,"superseded_by":"","notes":[],"checks_head":false,"branch":"main","position":1000000001,"restored_at":0.0}' AS BLOB));
INSERT INTO rollouts (id, repo_id, lane, pull, activity, phase, sha, created_at, current, facts) VALUES (5, 812000001, '812000001#3', 3, 'pull_request.opened', 'plan', 'fd99b4c9f2ddc964131be005328b08f9ac745901', 1777888916.508, 1, CAST('{"id":5,"repo_id":812000001,"lane":"812000001#3","pull":3,"activity":"pull_request.opened","phase":"plan","sha":"fd99b4c9f2ddc964131be005328b08f9ac745901","ref":"third","base_sha":"1e471d2381734582263b152a8534210f0b66c2fb","epoch":1,"content":"ef60bc3a36ae22ce9db18bc2db893784e891c39ec672c7670d8e14e956f91c43","created_at":1777888916.508,"size":1,"superseded_by":"","notes":[],"checks_head":false,"branch":"main","position":0,"restored_at":0.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (1, 0, 'dev', 'vpc', CAST('{"index":0,"instance":["dev","vpc"],"parents":[],"children":[1],"calls":[{"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id",""],["component","vpc"],["sha","70e98d1c3d06b0fb6f7476288f268acb81cd0422"],["stack","dev"]]}],"chain":3,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":true,"paired":true,"planned_at":0.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (1, 1, 'dev', 'database', CAST('{"index":1,"instance":["dev","database"],"parents":[0],"children":[2],"calls":[{"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id",""],["component","database"],["sha","70e98d1c3d06b0fb6f7476288f268acb81cd0422"],["stack","dev"]]}],"chain":2,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":false,"paired":true,"planned_at":0.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (1, 2, 'dev', 'api', CAST('{"index":2,"instance":["dev","api"],"parents":[1],"children":[],"calls":[{"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id",""],["component","api"],["sha","70e98d1c3d06b0fb6f7476288f268acb81cd0422"],["stack","dev"]]}],"chain":1,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":false,"paired":true,"planned_at":0.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (2, 0, 'dev', 'database', CAST('{"index":0,"instance":["dev","database"],"parents":[],"children":[1],"calls":[{"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id",""],["component","database"],["sha","19380070a5a576086ff0ae9e43d6bce8f26ad2ee"],["stack","dev"]]}],"chain":2,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":true,"paired":true,"planned_at":0.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (2, 1, 'dev', 'api', CAST('{"index":1,"instance":["dev","api"],"parents":[0],"children":[],"calls":[{"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id",""],["component","api"],["sha","19380070a5a576086ff0ae9e43d6bce8f26ad2ee"],["stack","dev"]]}],"chain":1,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":false,"paired":true,"planned_at":0.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (3, 0, 'dev', 'vpc', CAST('{"index":0,"instance":["dev","vpc"],"parents":[],"children":[1],"calls":[{"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id",""],["component","vpc"],["github_environment","dev"],["sha","b137cb70ae017027276314f3682f600ba863b839"],["stack","dev"]]}],"chain":3,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":true,"paired":true,"planned_at":1777888802.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (3, 1, 'dev', 'database', CAST('{"index":1,"instance":["dev","database"],"parents":[0],"children":[2],"calls":[{"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id",""],["component","database"],["github_environment","dev"],["sha","b137cb70ae017027276314f3682f600ba863b839"],["stack","dev"]]}],"chain":2,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":false,"paired":true,"planned_at":1777888814.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (3, 2, 'dev', 'api', CAST('{"index":2,"instance":["dev","api"],"parents":[1],"children":[],"calls":[{"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id",""],["component","api"],["github_environment","dev"],["sha","b137cb70ae017027276314f3682f600ba863b839"],["stack","dev"]]}],"chain":1,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":false,"paired":true,"planned_at":1777888826.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (4, 0, 'dev', 'database', CAST('{"index":0,"instance":["dev","database"],"parents":[],"children":[1],"calls":[{"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id",""],["component","database"],["github_environment","dev"],["sha","1e471d2381734582263b152a8534210f0b66c2fb"],["stack","dev"]]}],"chain":2,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":true,"paired":true,"planned_at":1777888838.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (4, 1, 'dev', 'api', CAST('{"index":1,"instance":["dev","api"],"parents":[0],"children":[],"calls":[{"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id",""],["component","api"],["github_environment","dev"],["sha","1e471d2381734582263b152a8534210f0b66c2fb"],["stack","dev"]]}],"chain":1,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":false,"paired":true,"planned_at":1777888850.0}' AS BLOB));
INSERT INTO steps (rollout_id, idx, stack, component, facts) VALUES (5, 0, 'dev', 'api', CAST('{"index":0,"instance":["dev","api"],"parents":[],"children":[],"calls":[{"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id",""],["component","api"],["sha","fd99b4c9f2ddc964131be005328b08f9ac745901"],["stack","dev"]]}],"chain":1,"problem":"","manual":"","dropped":"","notes":[],"dispatches":[],"holds":[],"released":[],"heir":null,"decided":null,"sent_before":0,"outdated":false,"destroys":false,"changed":true,"paired":true,"planned_at":0.0}' AS BLOB));
INSERT INTO places (repo_id, stack, component, rollout_id, idx, lane, branch, position, status, sent, open, destroys, planned_at, at) VALUES (812000001, 'dev', 'api', 3, 2, '812000001#1', 'main', 1000000000, '', 0, 0, 0, 1777888826.0, 0.0);
INSERT INTO places (repo_id, stack, component, rollout_id, idx, lane, branch, position, status, sent, open, destroys, planned_at, at) VALUES (812000001, 'dev', 'api', 4, 1, '812000001#2', 'main', 1000000001, '', 0, 0, 0, 1777888850.0, 0.0);
INSERT INTO places (repo_id, stack, component, rollout_id, idx, lane, branch, position, status, sent, open, destroys, planned_at, at) VALUES (812000001, 'dev', 'database', 3, 1, '812000001#1', 'main', 1000000000, 'running', 1, 1, 0, 1777888814.0, 0.0);
INSERT INTO places (repo_id, stack, component, rollout_id, idx, lane, branch, position, status, sent, open, destroys, planned_at, at) VALUES (812000001, 'dev', 'database', 4, 0, '812000001#2', 'main', 1000000001, '', 0, 0, 0, 1777888838.0, 0.0);
INSERT INTO places (repo_id, stack, component, rollout_id, idx, lane, branch, position, status, sent, open, destroys, planned_at, at) VALUES (812000001, 'dev', 'vpc', 3, 0, '812000001#1', 'main', 1000000000, 'succeeded', 1, 0, 0, 1777888802.0, 1777888968.0);
INSERT INTO behind (lane, on_lane) VALUES ('812000001#2', '812000001#1');
INSERT INTO durations (repo_id, stack, component, workflow, seconds, at) VALUES (812000001, 'dev', 'api', 'atmos-terraform-plan.yaml', '[12.0, 12.0]', 1777888862.0);
INSERT INTO durations (repo_id, stack, component, workflow, seconds, at) VALUES (812000001, 'dev', 'database', 'atmos-terraform-plan.yaml', '[12.0, 12.0]', 1777888850.0);
INSERT INTO durations (repo_id, stack, component, workflow, seconds, at) VALUES (812000001, 'dev', 'vpc', 'atmos-terraform-apply.yaml', '[102.0]', 1777888968.0);
INSERT INTO durations (repo_id, stack, component, workflow, seconds, at) VALUES (812000001, 'dev', 'vpc', 'atmos-terraform-plan.yaml', '[12.0]', 1777888814.0);
INSERT INTO freezes (repo_id, reason, by, at) VALUES (7, 'made up', 'made up', 7.0);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000001', 1, 0, 812000001, '812000001#1', 'atmos-terraform-plan.yaml', 'succeeded', 0, 0, 11500000003, 1, CAST('{"id":"sy-0000000000000001","step":0,"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000001"],["component","vpc"],["sha","70e98d1c3d06b0fb6f7476288f268acb81cd0422"],["stack","dev"]],"status":"succeeded","created_at":1777888802.0,"run_id":11500000003,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000003","attempt":1,"conclusion":"success","run_updated_at":1777888814.0,"started_at":1777888802.0,"finished_at":1777888814.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"changes","result_at":1777888814.0,"result_attempt":1,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888814.0, 0, 1777888814.0);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000002', 1, 1, 812000001, '812000001#1', 'atmos-terraform-plan.yaml', 'succeeded', 0, 0, 11500000004, 1, CAST('{"id":"sy-0000000000000002","step":1,"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000002"],["component","database"],["sha","70e98d1c3d06b0fb6f7476288f268acb81cd0422"],["stack","dev"]],"status":"succeeded","created_at":1777888814.0,"run_id":11500000004,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000004","attempt":1,"conclusion":"success","run_updated_at":1777888826.0,"started_at":1777888814.0,"finished_at":1777888826.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"no changes","result_at":1777888826.0,"result_attempt":1,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888826.0, 0, 1777888826.0);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000003', 1, 2, 812000001, '812000001#1', 'atmos-terraform-plan.yaml', 'succeeded', 0, 0, 11500000005, 1, CAST('{"id":"sy-0000000000000003","step":2,"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000003"],["component","api"],["sha","70e98d1c3d06b0fb6f7476288f268acb81cd0422"],["stack","dev"]],"status":"succeeded","created_at":1777888826.0,"run_id":11500000005,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000005","attempt":1,"conclusion":"success","run_updated_at":1777888838.0,"started_at":1777888826.0,"finished_at":1777888838.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"no changes","result_at":1777888838.0,"result_attempt":1,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888838.0, 0, 1777888838.0);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000004', 2, 0, 812000001, '812000001#2', 'atmos-terraform-plan.yaml', 'succeeded', 0, 0, 11500000006, 1, CAST('{"id":"sy-0000000000000004","step":0,"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000004"],["component","database"],["sha","19380070a5a576086ff0ae9e43d6bce8f26ad2ee"],["stack","dev"]],"status":"succeeded","created_at":1777888838.0,"run_id":11500000006,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000006","attempt":1,"conclusion":"success","run_updated_at":1777888850.0,"started_at":1777888838.0,"finished_at":1777888850.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"changes","result_at":1777888850.0,"result_attempt":1,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888850.0, 0, 1777888850.0);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000005', 2, 1, 812000001, '812000001#2', 'atmos-terraform-plan.yaml', 'succeeded', 0, 0, 11500000007, 1, CAST('{"id":"sy-0000000000000005","step":1,"workflow":"atmos-terraform-plan.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000005"],["component","api"],["sha","19380070a5a576086ff0ae9e43d6bce8f26ad2ee"],["stack","dev"]],"status":"succeeded","created_at":1777888850.0,"run_id":11500000007,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000007","attempt":1,"conclusion":"success","run_updated_at":1777888862.0,"started_at":1777888850.0,"finished_at":1777888862.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"no changes","result_at":1777888862.0,"result_attempt":1,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888862.0, 0, 1777888862.0);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000006', 3, 0, 812000001, '812000001#1', 'atmos-terraform-apply.yaml', 'succeeded', 0, 0, 11500000009, 1, CAST('{"id":"sy-0000000000000006","step":0,"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000006"],["component","vpc"],["github_environment","dev"],["sha","b137cb70ae017027276314f3682f600ba863b839"],["stack","dev"]],"status":"succeeded","created_at":1777888866.508,"run_id":11500000009,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000009","attempt":1,"conclusion":"success","run_updated_at":1777888968.0,"started_at":1777888866.0,"finished_at":1777888968.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"applied","result_at":1777888968.0,"result_attempt":1,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888968.508, 0, 1777888968.508);
INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, latest, facts, heard_at, asked, news_at) VALUES ('sy-0000000000000007', 3, 1, 812000001, '812000001#1', 'atmos-terraform-apply.yaml', 'running', 1, 1, 11500000012, 1, CAST('{"id":"sy-0000000000000007","step":1,"workflow":"atmos-terraform-apply.yaml","inputs":[["atmos_pro_run_id","sy-0000000000000007"],["component","database"],["github_environment","dev"],["sha","b137cb70ae017027276314f3682f600ba863b839"],["stack","dev"]],"status":"running","created_at":1777888968.508,"run_id":11500000012,"run_url":"http://127.0.0.1:44717/acme/infra/actions/runs/11500000012","attempt":1,"conclusion":"","run_updated_at":1777888970.0,"started_at":1777888968.0,"finished_at":0.0,"reason":"","cancel_wanted":false,"cancel_by":"","result":"","result_at":0.0,"result_attempt":0,"waited":false,"gate":null,"hold":null,"warning":"","failed_job":null}' AS BLOB), 1777888970.508, 0, 1777888970.508);
INSERT INTO waiting (repo_id, lane, rollout_id, phase, steps, kept) VALUES (812000001, '812000001#2', 4, 'apply', 0, 1);
INSERT INTO waiting (repo_id, lane, rollout_id, phase, steps, kept) VALUES (812000001, '812000001#3', 5, 'plan', 1, 0);
INSERT INTO instances (repo_id, stack, component, pro, parents, seen_at, listed_at, removed) VALUES (812000001, 'dev', 'api', CAST('{"enabled":true,"pull_request":{"opened":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"api","stack":"dev"}}}},"synchronize":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"api","stack":"dev"}}}},"reopened":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"api","stack":"dev"}}}},"merged":{"workflows":{"atmos-terraform-apply.yaml":{"inputs":{"component":"api","stack":"dev","github_environment":"dev"}}}}}}' AS BLOB), CAST('[["dev","database"]]' AS BLOB), 1777888916.508, 0.0, 0);
INSERT INTO instances (repo_id, stack, component, pro, parents, seen_at, listed_at, removed) VALUES (812000001, 'dev', 'database', CAST('{"enabled":true,"pull_request":{"opened":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"database","stack":"dev"}}}},"synchronize":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"database","stack":"dev"}}}},"reopened":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"database","stack":"dev"}}}},"merged":{"workflows":{"atmos-terraform-apply.yaml":{"inputs":{"component":"database","stack":"dev","github_environment":"dev"}}}}}}' AS BLOB), CAST('[["dev","vpc"]]' AS BLOB), 1777888916.508, 0.0, 0);
INSERT INTO instances (repo_id, stack, component, pro, parents, seen_at, listed_at, removed) VALUES (812000001, 'dev', 'vpc', CAST('{"enabled":true,"pull_request":{"opened":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"vpc","stack":"dev"}}}},"synchronize":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"vpc","stack":"dev"}}}},"reopened":{"workflows":{"atmos-terraform-plan.yaml":{"inputs":{"component":"vpc","stack":"dev"}}}},"merged":{"workflows":{"atmos-terraform-apply.yaml":{"inputs":{"component":"vpc","stack":"dev","github_environment":"dev"}}}}}}' AS BLOB), CAST('[]' AS BLOB), 1777888866.508, 0.0, 0);
INSERT INTO affected_runs (run_id, repo_id, lane, workflow, head_sha, status, conclusion, attempt, updated_at, created_at, heard_at, asked_at) VALUES (11500000001, 812000001, '812000001#1', 'atmos-pro.yaml', '70e98d1c3d06b0fb6f7476288f268acb81cd0422', 'completed', 'success', 1, 1777888812.0, 1777888800.0, 1777888812.0, 0.0);
INSERT INTO affected_runs (run_id, repo_id, lane, workflow, head_sha, status, conclusion, attempt, updated_at, created_at, heard_at, asked_at) VALUES (11500000002, 812000001, '812000001#2', 'atmos-pro.yaml', '19380070a5a576086ff0ae9e43d6bce8f26ad2ee', 'completed', 'success', 1, 1777888812.0, 1777888800.0, 1777888812.0, 0.0);
INSERT INTO affected_runs (run_id, repo_id, lane, workflow, head_sha, status, conclusion, attempt, updated_at, created_at, heard_at, asked_at) VALUES (11500000008, 812000001, '812000001#1', 'atmos-pro.yaml', '70e98d1c3d06b0fb6f7476288f268acb81cd0422', 'completed', 'success', 1, 1777888966.0, 1777888864.0, 1777888966.508, 0.0);
INSERT INTO affected_runs (run_id, repo_id, lane, workflow, head_sha, status, conclusion, attempt, updated_at, created_at, heard_at, asked_at) VALUES (11500000010, 812000001, '812000001#2', 'atmos-pro.yaml', '19380070a5a576086ff0ae9e43d6bce8f26ad2ee', 'in_progress', '', 1, 1777888916.0, 1777888914.0, 1777888916.508, 0.0);
INSERT INTO affected_runs (run_id, repo_id, lane, workflow, head_sha, status, conclusion, attempt, updated_at, created_at, heard_at, asked_at) VALUES (11500000011, 812000001, '812000001#3', 'atmos-pro.yaml', 'fd99b4c9f2ddc964131be005328b08f9ac745901', 'in_progress', '', 1, 1777888916.0, 1777888914.0, 1777888916.508, 0.0);
INSERT INTO uploaders (repo_id, workflow, at) VALUES (812000001, 'atmos-pro.yaml', 1777888916.508);
INSERT INTO keys (id, repo_id, hash, allow, created_at, revoked_at, used_at, name, expires_at) VALUES (1, 812000001, '840772957763071535f6204173588875959f2964eefe8ea62cf60da34b26810f', 'upload,status,locks,read', 1777888800.0, NULL, 1777888968.508, '', NULL);
INSERT INTO spent_tokens (id, until) VALUES ('made up', 7.0);
INSERT INTO locks (repo_id, name, id, holder, owner, message, created_at, updated_at, expires_at) VALUES (7, 'made up', 'made up', 'made up', 'made up', 'made up', 7.0, 7.0, 7.0);
INSERT INTO inventories (repo_id, sha, run_id, at, size) VALUES (7, 'made up', 7, 7.0, 7);
INSERT INTO inventory (repo_id, stack, component, type) VALUES (7, 'made up', 'made up', 'made up');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (1, 1777888802.0, 812000001, '812000001#1', 'switchyard', 'dispatch', 1, 'dev/vpc', 'atmos-terraform-plan.yaml as sy-0000000000000001 for pull_request.opened');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (2, 1777888814.0, 812000001, '812000001#1', 'switchyard', 'dispatch', 1, 'dev/database', 'atmos-terraform-plan.yaml as sy-0000000000000002 for pull_request.opened');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (3, 1777888826.0, 812000001, '812000001#1', 'switchyard', 'dispatch', 1, 'dev/api', 'atmos-terraform-plan.yaml as sy-0000000000000003 for pull_request.opened');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (4, 1777888838.0, 812000001, '812000001#2', 'switchyard', 'dispatch', 2, 'dev/database', 'atmos-terraform-plan.yaml as sy-0000000000000004 for pull_request.opened');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (5, 1777888850.0, 812000001, '812000001#2', 'switchyard', 'dispatch', 2, 'dev/api', 'atmos-terraform-plan.yaml as sy-0000000000000005 for pull_request.opened');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (6, 1777888866.508, 812000001, '812000001#1', 'switchyard', 'dispatch', 3, 'dev/vpc', 'atmos-terraform-apply.yaml as sy-0000000000000006 for pull_request.merged');
INSERT INTO audit (id, at, repo_id, lane, actor, action, rollout_id, target, cause) VALUES (7, 1777888968.508, 812000001, '812000001#1', 'switchyard', 'dispatch', 3, 'dev/database', 'atmos-terraform-apply.yaml as sy-0000000000000007 for pull_request.merged');
INSERT INTO graphs (token, hash, at, light, dark) VALUES ('778d54954241042ba8778c04ee5b7b0a', 'b148be4aa9c1ab0dc8f2239383075468', 1777888972.52, CAST('<svg/>' AS BLOB), CAST('<svg/>' AS BLOB));
INSERT INTO redeliveries (guid, tries, at) VALUES ('made up', 7, 7.0);
INSERT INTO meta (key, value) VALUES ('deliveries_since', '1777888682.0');
