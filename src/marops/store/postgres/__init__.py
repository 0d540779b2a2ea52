"""The parts of the embedded PostgreSQL server; :mod:`marops.store.embedded` puts them together."""
