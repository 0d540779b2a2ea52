"""`python -m marops` is the command `marops`."""

from marops.cli.main import main

main()
