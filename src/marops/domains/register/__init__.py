"""Names and owners that facts point to: queues, sources, channels, platforms, business units."""
