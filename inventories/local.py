"""This machine as the only host, as in `pyinfra -y inventories/local.py deploy/bootstrap.py`."""

lab = ["@local"]
