"""What simulation says of workflows: figures, the bottleneck, options compared, promises.

Pure: documents in, answers out. Everything here imports NumPy and the compiled kernel, so pages and commands import it
where they need it.
"""
