"""The connection to pyinfra: steps, errors, commands and time limits of one run."""
