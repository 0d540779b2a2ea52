"""Asks providers of data outside what records lack: in a budget, kept, and only where that data may go out."""
