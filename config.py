"""pyinfra's own configuration, read when it is started in this folder.

A host that does not answer holds up the connecting of its batch for one timeout. One batch takes all,
so it is one timeout a run, whatever the number of such hosts.
"""

from pyinfra import config

from pushgateway_lab import command_line, handshake

# pyinfra takes the name of a file that is not there for a host, or for no host, and ends with 0.
command_line.check()

# Seconds; pyinfra's default is 10. A VM on another continent answers within one.
config.CONNECT_TIMEOUT = 4

# pyinfra's default is 20 hosts at a time for each core. Each takes three open files: see ulimit -n.
config.PARALLEL = 300

# So many at once are slower than that timeout at what comes after they answered.
handshake.separate()
