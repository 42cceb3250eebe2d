"""Report the progress of each host in the lab, and the reason where a task is not done. Changes nothing.

    pyinfra -y inventories/lab.py deploy/verify.py --sudo --data report=report

Settings: lab_expect, lab_tasks and report, see inventories/group_data/all.py and docs/verify.md.
"""

from pushgateway_lab import verify

verify()
