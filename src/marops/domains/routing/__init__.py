"""Who gets a lead, why, and by when."""
