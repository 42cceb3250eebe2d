"""Hosts back to the start line of the lab, with everything kept that is not the lab's.

    pyinfra -y inventories/lab.py deploy/reset.py --sudo

Removes the scrape job and the groups of the lab's jobs; all groups with lab_wipe=True.
"""

from pushgateway_lab import reset

reset()
