"""pyinfra's own configuration, read when it is started in this folder.

A host that does not answer holds up the connecting of its batch for one timeout. One batch takes all,
so it is one timeout a run, whatever the number of such hosts.
"""

from pyinfra import config

from pushgateway_lab.run import command_line, patches

# What hosts say is escaped and cut, and what waits for them has a limit: pyinfra has neither.
patches.apply()

# pyinfra takes the name of a file that is not there for a host, or for no host, and ends with 0.
command_line.check()

# Seconds; pyinfra's default is 10. A VM on another continent answers within one. The whole connection, to
# its login, gets a tenth of a second more for each host of the run.
config.CONNECT_TIMEOUT = 4

# pyinfra's default is 20 hosts at a time for each core. Each takes three open files: see ulimit -n.
config.PARALLEL = 300
