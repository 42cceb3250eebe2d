"""pyinfra's configuration; pyinfra reads it when it starts in this directory.

A host that does not answer delays its whole batch by one connect timeout. All hosts connect in one batch, so
any number of dead hosts costs one timeout.
"""

from pyinfra import config

from pushgateway_lab import configure

# Limits, escaping, and a check that the inventory exists; it must run before pyinfra connects.
configure()

# Seconds; pyinfra's default is 10. A VM on another continent answers within one second. The limit for the
# whole connection, login included, is this plus 0.1 s for each host of the run.
config.CONNECT_TIMEOUT = 4

# Hosts in a batch; pyinfra's default is 20 for each core. Each host needs three open files: see ulimit -n.
config.PARALLEL = 300
