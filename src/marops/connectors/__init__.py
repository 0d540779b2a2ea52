"""One folder per outside system; copy a folder to add one."""
