"""SQLite, and nothing that knows GitHub. Past this package there are no rows."""
