"""Remove everything that this toolkit put on hosts, and nothing else.

    pyinfra -y --dry HOST deploy/uninstall.py     # what would go?
    pyinfra -y HOST deploy/uninstall.py

Packages that were there before stay, and configuration files get their old text. Fails a host whose pushed groups
would be lost, unless lab_wipe=True or pushgateway_allow_data_loss=True.
"""

from pushgateway_lab import uninstall

uninstall()
