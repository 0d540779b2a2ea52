"""Pure mathematics: no Django, no files, no clock; plain values in, plain values out."""
