"""Discrete-event simulation of work that people do: what is asked, the kernel that answers, and what it answers."""
