"""Exact results of queueing theory, written from the published formulas.

| function | source |
| --- | --- |
| `delayed`, `wait` | Erlang's second formula; Cooper, Introduction to Queueing Theory (1981), 3.5 |
| `wait_general` | Pollaczek and Khinchine; Kleinrock, Queueing Systems I (1975), 5.6 |
| `loss` | birth-death process of M/M/c/K; Kleinrock I, 3.4 and 3.5 |
| `wait_by_priority` | A. Cobham, Priority assignment in waiting line problems, Operations Research 2 (1954) |
| `visits` | traffic equations of J. R. Jackson, Networks of waiting lines, Operations Research 5 (1957) |
| `repairs` | machine interference: Cox and Smith, Queues (1961), 2.4 |
"""

from math import factorial

import numpy as np


def delayed(load, servers):
    """Share of those who have to wait, of M/M/c; `load` in servers."""
    beyond = load**servers / factorial(servers) * servers / (servers - load)
    return beyond / (sum(load**n / factorial(n) for n in range(servers)) + beyond)


def wait(rate, mean, servers=1):
    """Mean wait in the queue of M/M/c."""
    return delayed(rate * mean, servers) * mean / (servers - rate * mean)


def wait_general(rate, mean, sd):
    """Mean wait in the queue of M/G/1."""
    return rate * (mean**2 + sd**2) / (2 * (1 - rate * mean))


def _states(up, down, last):
    weights = np.cumprod([1.0, *(up(n) / down(n + 1) for n in range(last))])
    return weights / weights.sum()


def loss(rate, mean, servers, places):
    """Of M/M/c/K: the share that is refused, and the mean wait of those who are not."""
    states = _states(lambda n: rate, lambda n: min(n, servers) / mean, places)
    waiting = sum(max(0, n - servers) * p for n, p in enumerate(states))
    return states[-1], waiting / (rate * (1 - states[-1]))


def wait_by_priority(rates, mean, servers=1):
    """Mean waits in M/M/c by class, best priority first; work that has begun is finished first."""
    whole, above, found = sum(rates) * mean, 0.0, []
    remaining = delayed(whole, servers) * mean / servers
    for rate in rates:
        below = above + rate * mean / servers
        found.append(remaining / ((1 - above) * (1 - below)))
        above = below
    return found


def visits(outside, ways):
    """Rates at the nodes of an open network: those from outside and those along the ways (a matrix of shares)."""
    return np.linalg.solve(np.eye(len(outside)) - np.array(ways).T, np.array(outside))


def repairs(machines, up, repair, crew):
    """Repairs per hour of so many machines that run for `up` hours on average, and how many wait or are repaired."""
    states = _states(lambda n: (machines - n) / up, lambda n: min(n, crew) / repair, machines)
    broken = sum(n * p for n, p in enumerate(states))
    return (machines - broken) / up, broken
