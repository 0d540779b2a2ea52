"""What is taken to a meeting: the workflow page for the one-to-one and the comparison of scenarios, one page each.

`brief` and `options` put together what stands on them, from answers alone; `printing` makes a PDF of that; `kept` finds
the answers.
"""
