"""The team's papers: an opening's description, and its interview sheets."""
