"""The deploys as tables of steps: tables of contents of what is done to a host."""
