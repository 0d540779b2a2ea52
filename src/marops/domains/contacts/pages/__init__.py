"""Pages of companies and of the quality of records."""
