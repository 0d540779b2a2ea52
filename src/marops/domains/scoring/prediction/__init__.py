"""Likelihoods learnt from recorded outcomes: what counts, what is looked at, training, who is how likely."""
