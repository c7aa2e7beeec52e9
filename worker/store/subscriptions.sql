-- The store, version 2: subscriptions at hubs (WebSub), each as its subscriber wrote it, with the secret
-- that its pushes are signed with.
CREATE TABLE subscription (
  feed_id    TEXT PRIMARY KEY,
  record     TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
