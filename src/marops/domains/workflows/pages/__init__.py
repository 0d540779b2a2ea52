"""Pages of workflows: the list, one workflow told, and how they are drawn and brought in."""
