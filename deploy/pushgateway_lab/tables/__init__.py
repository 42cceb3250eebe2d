"""The tables of steps: what each deploy does to a host, step by step."""
