"""How a team should be staffed: the cheapest choice of seats for the work there is, proven to be the best."""
