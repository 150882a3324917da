"""The database as a whole: its schema, brought up to date, backed up and restored."""
