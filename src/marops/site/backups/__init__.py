"""The page and the REST interface of backups."""
