"""Connectors to providers of data: each module has a function `ask`, as `asking.Connector` tells. Copy one."""
