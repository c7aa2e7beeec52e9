-- Version 6: decisions of people can be taken back, and are looked up in the order in which they were made.

ALTER TABLE "constraint" ADD COLUMN undone_at TEXT;
ALTER TABLE "constraint" ADD COLUMN undone_settle INTEGER;
