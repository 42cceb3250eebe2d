"""Hosts to the start line of the lab: all is installed and runs, the job and the groups are not there.

    pyinfra -y inventories/lab.py deploy/prepare.py --sudo

Refuses hosts on which somebody worked before, unless lab_reset=True. Settings: see
inventories/group_data/all.py.
"""

from pushgateway_lab import prepare

prepare()
