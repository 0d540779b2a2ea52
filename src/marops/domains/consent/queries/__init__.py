"""Reads of consent: may somebody be contacted, what is known of them, what was asked."""
