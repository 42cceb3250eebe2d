"""pyinfra's own configuration, read when it is started in this folder.

A host that does not answer holds up the connecting of its batch for one timeout. One batch takes all,
so it is one timeout a run, whatever the number of such hosts.
"""

from pyinfra import config

from pushgateway_lab import configure

# Before any host is connected to: limits, escaping, and a check that the inventory exists.
configure()

# Seconds; pyinfra's default is 10. A VM on another continent answers within one. The whole connection, to
# its login, gets a tenth of a second more for each host of the run.
config.CONNECT_TIMEOUT = 4

# pyinfra's default is 20 hosts at a time for each core. Each takes three open files: see ulimit -n.
config.PARALLEL = 300
