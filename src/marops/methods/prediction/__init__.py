"""Predicting a yes or no from a table of texts: explainable, calibrated, measured on rows that came later."""
