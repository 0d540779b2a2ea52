"""Event logs as files: tables of any shape, XES, OCEL 2.0; read as a stream, in constant memory."""
