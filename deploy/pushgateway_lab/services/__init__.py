"""The services of a host and its service manager. Pure: this package makes commands, but runs none."""

from pushgateway_lab.services.init_scripts import INIT_SCRIPTS
from pushgateway_lab.services.service import Commands, Service, ServiceManager, ServiceState
from pushgateway_lab.services.systemd import SYSTEMD

__all__ = [
    "FUNCTIONS",
    "SYSTEMD",
    "Commands",
    "Service",
    "ServiceManager",
    "ServiceState",
    "manager",
]

FUNCTIONS = ("systemd.sh", "init-scripts.sh")
"""The files of ``files/`` with the shell functions ``service_...``, in this order. The host decides which are used."""


def manager(name: str | None) -> ServiceManager | None:
    """Return the service manager with this name in a look; None if the host has none.

    + name: the shell variable ``service_manager``
    """
    return next((each for each in (SYSTEMD, INIT_SCRIPTS) if each.name == name), None)
