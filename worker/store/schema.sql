-- The store, version 1. One file, one writer. SQLite is the truth; every cache may be dropped.
--
-- Instants are text in UTC, always 'YYYY-MM-DDTHH:MM:SS.ffffffZ', so they sort as they read.
-- Days are 'YYYY-MM-DD'. Records (JSON) hold whole values; columns beside them are what is searched.

-- Who this store belongs to, and counters: store_id, sink, instance, profile, settles, ledger_read.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Validators, cursor and next poll of a feed: written with the entries they came with, never before.
CREATE TABLE feed (
  feed_id    TEXT PRIMARY KEY,
  next_at    TEXT,
  cursor     TEXT,
  state      TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every entry ever seen, gate open or not: what makes "new" and "changed" decidable.
CREATE TABLE entry (
  entry_id     TEXT PRIMARY KEY,
  feed_id      TEXT NOT NULL,
  identity     TEXT NOT NULL,
  article_id   TEXT NOT NULL,
  outlet       TEXT,
  url          TEXT,
  content_hash TEXT NOT NULL,
  version      TEXT,
  status       TEXT NOT NULL,
  gate_open    INTEGER NOT NULL,
  gate_reason  TEXT NOT NULL,
  title        TEXT,
  first_seen   TEXT NOT NULL,
  changed_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_url ON entry (outlet, url) WHERE url IS NOT NULL;
CREATE INDEX entry_article ON entry (article_id);
CREATE INDEX entry_changed ON entry (changed_at);

-- Work on documents. A row leaves it only in the transaction that ends the work.
CREATE TABLE inbox (
  inbox_id    INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        TEXT NOT NULL,            -- entry | document | kill | correction
  article_id  TEXT NOT NULL,
  entry_id    TEXT,
  payload     TEXT NOT NULL,
  admitted_at TEXT NOT NULL,            -- first_seen of this version
  due_at      TEXT NOT NULL,
  attempts    INTEGER NOT NULL DEFAULT 0,
  postponed   INTEGER NOT NULL DEFAULT 0,
  claimed     INTEGER NOT NULL DEFAULT 0,
  last_reason TEXT
) STRICT;
CREATE INDEX inbox_due ON inbox (claimed, due_at, inbox_id);
CREATE INDEX inbox_article ON inbox (article_id);

-- All change that time drives on an incident; incident_id '' is the worker itself (heartbeat).
CREATE TABLE timer (
  incident_id TEXT NOT NULL,
  kind        TEXT NOT NULL,
  due_at      TEXT NOT NULL,
  PRIMARY KEY (incident_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_at);

-- One row per settled version. `current` marks the one that stands.
CREATE TABLE article (
  article_id   TEXT NOT NULL,
  version      INTEGER NOT NULL,
  current      INTEGER NOT NULL,
  settle_id    INTEGER NOT NULL,
  settled_at   TEXT NOT NULL,
  first_seen   TEXT,
  version_time TEXT,
  wire_version TEXT,
  status       TEXT NOT NULL,
  outlet       TEXT,
  url          TEXT,
  label        TEXT,
  band         TEXT,
  content_hash TEXT NOT NULL,
  published_record INTEGER NOT NULL,    -- 1: this or an earlier version is in the reports topic
  record       TEXT NOT NULL,           -- the Article, text included
  verdict      TEXT,
  source       TEXT,                    -- what it was read from, as replay input needs it
  PRIMARY KEY (article_id, version)
) STRICT;
CREATE INDEX article_settled ON article (settle_id);
CREATE INDEX article_seen ON article (settled_at);

-- Reports of the versions that stand. The interval is the one that merging compares.
CREATE TABLE report (
  report_id  TEXT PRIMARY KEY,
  article_id TEXT NOT NULL,
  version    INTEGER NOT NULL,
  role       TEXT NOT NULL,
  band       TEXT NOT NULL,
  date_lo    TEXT,
  date_hi    TEXT,
  record     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX report_article ON report (article_id);
CREATE INDEX report_dates ON report (date_lo, date_hi);

-- Which articles are, or once were, part of which incident.
CREATE TABLE member (
  incident_id TEXT NOT NULL,
  report_id   TEXT NOT NULL,
  article_id  TEXT NOT NULL,
  former      INTEGER NOT NULL,
  since       TEXT NOT NULL,
  PRIMARY KEY (incident_id, report_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_report ON member (report_id);
CREATE INDEX member_article ON member (article_id);

CREATE TABLE incident (
  incident_id   TEXT PRIMARY KEY,
  revision      INTEGER NOT NULL,
  state         TEXT NOT NULL,
  superseded_by TEXT,
  frozen        INTEGER NOT NULL DEFAULT 0,
  date_lo       TEXT,
  date_hi       TEXT,
  announced_at  TEXT NOT NULL,
  changed_at    TEXT NOT NULL,
  record        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_dates ON incident (date_lo, date_hi);
CREATE INDEX incident_changed ON incident (changed_at);

-- Corrections by people, over article ids, so that they outlive incident ids.
CREATE TABLE "constraint" (
  constraint_id TEXT PRIMARY KEY,
  kind          TEXT NOT NULL,
  article_a     TEXT NOT NULL,
  article_b     TEXT,
  settle_id     INTEGER NOT NULL,
  made_at       TEXT NOT NULL,
  record        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX constraint_a ON "constraint" (article_a);
CREATE INDEX constraint_b ON "constraint" (article_b);

-- The n-th incident that an article founded. Never deleted: ids are never used again.
CREATE TABLE founded (
  article_id  TEXT NOT NULL,
  n           INTEGER NOT NULL,
  incident_id TEXT NOT NULL UNIQUE,
  PRIMARY KEY (article_id, n)
) STRICT, WITHOUT ROWID;

-- Final bytes, in the order in which they are published.
-- published: 0 waiting, 1 published, 2 set aside (never to be sent; kept so that seq has a row).
CREATE TABLE outbox (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  settle_id INTEGER NOT NULL,
  topic     TEXT NOT NULL,              -- without prefix: 'incidents.v1'
  key       TEXT NOT NULL,
  headers   TEXT NOT NULL,              -- JSON object of strings
  value     BLOB NOT NULL,
  ce_id     TEXT NOT NULL,
  row_hash  TEXT NOT NULL,
  published INTEGER NOT NULL DEFAULT 0,
  created   TEXT NOT NULL,
  UNIQUE (topic, ce_id)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (seq) WHERE published = 0;

CREATE TABLE dead_letter (
  dead_letter_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        TEXT NOT NULL,
  article_id  TEXT NOT NULL,
  entry_id    TEXT,
  payload     TEXT NOT NULL,
  admitted_at TEXT NOT NULL,
  reason      TEXT NOT NULL,
  detail      TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  buried_at   TEXT NOT NULL,
  retried_at  TEXT
) STRICT;
CREATE INDEX dead_letter_article ON dead_letter (article_id);
