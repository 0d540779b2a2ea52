"""The sample company: a seeded generator with planted truths that the product has to find."""
