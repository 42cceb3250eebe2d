"""Bring hosts back to the start line of the lab; keep everything that does not belong to the lab.

    pyinfra -y inventories/lab.py deploy/reset.py --sudo

Removes the lab's scrape job and the groups of the lab's jobs; with lab_wipe=True, all groups.
"""

from pushgateway_lab import reset

reset()
