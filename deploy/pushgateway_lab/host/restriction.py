"""The drop-in of this toolkit that restricts a service, see `pushgateway_lab.installations.hardening`."""

from pyinfra.api.host import Host

from pushgateway_lab.host import service_control, transaction
from pushgateway_lab.installations import hardening
from pushgateway_lab.services import Service


def path(service: Service) -> str:
    """Return the path of the drop-in of a service."""
    return service_control.drop_in(service, hardening.DROP_IN)


def write(host: Host, service: Service, old: str, new: str) -> None:
    """Write or remove the drop-in, and have the service manager read it. A restart of the service applies it.

    + old, new: the texts; empty: no drop-in

    Raises:
        HostError: it was not written, for example because somebody else changed it meanwhile.
    """
    if not new:
        service_control.remove_drop_in(host, service, hardening.DROP_IN)
        return
    service_control.make_place_for_drop_in(host, service)
    transaction.put(host, path(service), old or None, new.encode())
    service_control.reload_definitions(host, service)
