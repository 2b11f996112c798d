"""The verbs of the command line, one a file: `run(request)`."""
