"""PostgreSQL, the lake and the query engine; knows no Django and no domain."""
