"""The lab as tasks and checks: what each looks at, and what it makes of it."""
