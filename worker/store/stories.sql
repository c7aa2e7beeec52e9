-- The store, version 4: what finds the item that a notice means, and the parts of stories sent in takes.
ALTER TABLE entry ADD COLUMN story TEXT;      -- the keyword line, folded, without version and part
ALTER TABLE entry ADD COLUMN headline TEXT;   -- the words of its title, without orders and numbers
ALTER TABLE entry ADD COLUMN first_at TEXT;   -- when its first version was made, as its source says
ALTER TABLE entry ADD COLUMN told_at TEXT;    -- the same of its newest, or of the kill that ended it
CREATE INDEX entry_story ON entry (story) WHERE story IS NOT NULL;
CREATE INDEX entry_identity ON entry (identity);

-- The texts of stories that may be continued: part 0 is the lead, n the n-th take or add.
CREATE TABLE part (
  article_id TEXT NOT NULL,
  part       INTEGER NOT NULL,
  whole      INTEGER NOT NULL,                -- 1: it stands for all parts sent before it
  told_at    TEXT,
  title      TEXT,
  body       TEXT NOT NULL,
  kept_at    TEXT NOT NULL,
  PRIMARY KEY (article_id, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_kept ON part (kept_at);
