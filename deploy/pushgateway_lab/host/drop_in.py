"""The drop-ins of this toolkit for the services of a host."""

from pyinfra.api.host import Host

from pushgateway_lab.formats.file_text import encoded
from pushgateway_lab.host import service_control, transaction
from pushgateway_lab.services import Service


def write(host: Host, service: Service, name: str, old: str | None, new: str | None) -> None:
    """Write or remove a drop-in, and have the service manager read it. A restart of the service applies it.

    + name: of the drop-in
    + old, new: the texts; empty or None: no drop-in

    Raises:
        HostError: it was not written, for example because somebody else changed it meanwhile.
    """
    if not new:
        service_control.remove_drop_in(host, service, name)
        return
    service_control.make_place_for_drop_in(host, service)
    transaction.put(host, service_control.drop_in(service, name), old or None, encoded(new))
    service_control.reload_definitions(host, service)
