"""The drop-in of this toolkit that restricts a service, see `pushgateway_lab.installations.hardening`."""

from pyinfra.api.host import Host

from pushgateway_lab.host import drop_in, service_control
from pushgateway_lab.installations import hardening
from pushgateway_lab.services import Service


def path(service: Service) -> str:
    """Return the path of the drop-in of a service."""
    return service_control.drop_in(service, hardening.DROP_IN)


def write(host: Host, service: Service, old: str, new: str) -> None:
    """Write or remove the drop-in. Arguments and errors as for `pushgateway_lab.host.drop_in.write`."""
    drop_in.write(host, service, hardening.DROP_IN, old, new)
