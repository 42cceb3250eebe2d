"""Bring hosts back to the start line of the lab; keep everything that does not belong to the lab.

    pyinfra -y inventories/lab.py deploy/reset.py --sudo

Removes the lab's scrape job and the groups of the lab's jobs; with lab_wipe=True, all groups.
lab_reset=True also removes jobs in the lab job's place; lab_restore=True brings back the prometheus.yml that
prepare kept.
"""

from pushgateway_lab import reset

reset()
