"""Install and connect Prometheus and the Pushgateway on bare hosts; prove it with a push.

    pyinfra -y HOST deploy/bootstrap.py

Idempotent: it changes only what is missing or wrong, and a second run changes nothing. Settings: see
inventories/group_data/all.py.
"""

from pushgateway_lab import bootstrap

bootstrap()
