"""The store: SQLite tables, one small module for each kind of row."""
