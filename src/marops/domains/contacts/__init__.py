"""People and companies: their fields, identities, quality and history."""
