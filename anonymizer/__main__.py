"""`python -m anonymizer` is the command line."""

from anonymizer.cli import main

main()
