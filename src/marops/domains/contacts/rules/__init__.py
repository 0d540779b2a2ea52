"""How the values of people and companies are cleaned and understood: pure functions, one module per kind of value.

Each normaliser is idempotent: what it answers, it answers again for its own answer.
"""
