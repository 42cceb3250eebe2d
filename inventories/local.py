"""This machine itself, as in `pyinfra -y inventories/local.py deploy/bootstrap.py`."""

lab = ["@local"]
