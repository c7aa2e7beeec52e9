-- The store, version 5: an entry that comes again under another id is found by what it says; how often an
-- entry has changed is counted.
ALTER TABLE entry ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entry_content ON entry (feed_id, content_hash);
