"""One bare host to a working Prometheus and Pushgateway, proven by a push that arrives.

    pyinfra -y HOST deploy/bootstrap.py

Changes only what is missing or wrong; a second run changes nothing. Settings: see
inventories/group_data/all.py.
"""

from pushgateway_lab import bootstrap

bootstrap()
