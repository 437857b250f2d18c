"""The world outside the core: the database, files, the clock."""
