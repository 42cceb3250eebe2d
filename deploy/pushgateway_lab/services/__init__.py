"""The services of a host and its service manager. Pure: this package makes commands, but runs none."""

from pushgateway_lab.services.service import Commands, Service, ServiceManager, ServiceState
from pushgateway_lab.services.systemd import SYSTEMD

__all__ = ["MANAGER", "Commands", "Service", "ServiceManager", "ServiceState"]

MANAGER: ServiceManager = SYSTEMD
"""The service manager of every host; the only one so far."""
