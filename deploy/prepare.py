"""Bring hosts to the start line of the lab: both servers run, without the lab's scrape job and groups.

    pyinfra -y inventories/lab.py deploy/prepare.py --sudo

Fails hosts on which somebody has worked before, unless lab_reset=True. Keeps a copy of prometheus.yml, which
lab_restore=True brings back. Settings: see inventories/group_data/all.py.
"""

from pushgateway_lab import prepare

prepare()
