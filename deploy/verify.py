"""Who is where in the lab, and what went wrong where somebody is stuck. Changes nothing.

    pyinfra -y inventories/lab.py deploy/verify.py --data report=report

Settings: lab_expect, lab_tasks and report, see inventories/group_data/all.py and docs/verify.md.
"""

from pushgateway_lab import verify

verify()
