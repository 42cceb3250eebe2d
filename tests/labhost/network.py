"""The network of a lab: a switch with a subnet of its own, and a network namespace per host.

The switch is a bridge in a namespace of its own, out of reach of the machine's firewall: where
Docker runs, that would stop what hosts say to each other. The machine is plugged into it with the
first address of the subnet. Hosts have no default route: they reach the machine and each other,
and nothing else.
"""

import ipaddress
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# A lab's number is an index into this list. The second range is the one set aside for network
# benchmarks: it is there for machines on which all of 10.0.0.0/8 is routed to somewhere else.
SUBNETS: tuple[ipaddress.IPv4Network, ...] = tuple(
    subnet
    for network in ("10.213.0.0/16", "198.18.0.0/16")
    for subnet in ipaddress.IPv4Network(network).subnets(new_prefix=24)
)
MAX_HOSTS = 240
_FIRST_HOST = 10


def switch_name(lab: int) -> str:
    """The switch's namespace, and the machine's interface on it (15 characters at most)."""
    return f"pgl{lab}"


def namespace_name(lab: int, host: int) -> str:
    """The namespace of host number `host`, from 0."""
    return f"{switch_name(lab)}h{host}"


def address(lab: int, host: int) -> str:
    """The address of host number `host`, from 0."""
    return str(SUBNETS[lab][_FIRST_HOST + host])


def free_subnets() -> Iterator[int]:
    """Numbers of the subnets to which this machine has no route yet."""
    routes = json.loads(_ip("-json", "-4", "route", "show", "table", "all") or "[]")
    taken = [ipaddress.ip_network(route["dst"]) for route in routes if route["dst"] != "default"]
    for number, subnet in enumerate(SUBNETS):
        if not any(subnet.overlaps(network) for network in taken):
            yield number


def create_switch(lab: int) -> bool:
    """Create the lab's switch; False if the name is taken (of two who try, one succeeds)."""
    switch = switch_name(lab)
    if not _tried("netns", "add", switch, unless="File exists"):
        return False
    _ip_batch(
        switch,
        "link set lo up",
        f"link add bridge address {_hardware_address(lab, 254)} type bridge",
        "link set bridge up",
    )
    # Without an address of its own, an interface gets a new one each time it is created (a bridge
    # with each new port), and neighbours go on sending to the one they remember.
    uplink = f"link add {switch} address {_hardware_address(lab, 255)} type veth peer name uplink"
    _ip(*uplink.split(), "netns", switch)
    _ip_batch(switch, "link set uplink master bridge up")
    _ip("address", "add", f"{SUBNETS[lab][1]}/24", "dev", switch)
    _ip("link", "set", switch, "up")
    return True


def delete_switch(lab: int) -> None:
    """Delete what `create_switch` created, as far as it is there."""
    switch = switch_name(lab)
    # The interface would go with the namespace, but some time later.
    _tried("link", "delete", switch, unless="Cannot find device")
    _delete_namespace(switch)


def attach_host(lab: int, host: int) -> None:
    """Create the host's namespace with a loopback, and an `eth0` that is plugged in."""
    namespace = namespace_name(lab, host)
    _ip("netns", "add", namespace)
    _ip_batch(
        switch_name(lab),
        f"link add port{host} type veth peer name eth0 netns {namespace}",
        f"link set port{host} master bridge up",
    )
    _ip_batch(
        namespace,
        "link set lo up",
        f"address add {address(lab, host)}/24 dev eth0",
        f"link set eth0 address {_hardware_address(lab, host)} up",
    )


def detach_host(lab: int, host: int) -> None:
    """Delete what `attach_host` created, as far as it is there."""
    switch = switch_name(lab)
    if namespace_path(switch).exists():
        # The port would go with the namespace too late for the next host with this number.
        port = f"port{host}"
        _tried("-netns", switch, "link", "delete", port, unless="Cannot find device")
    _delete_namespace(namespace_name(lab, host))


def namespace_path(namespace: str) -> Path:
    """The file that keeps a namespace alive."""
    return Path("/run/netns", namespace)


def processes_in(namespace: str) -> list[int]:
    """Ids of the processes in the namespace; none if there is no such namespace."""
    with suppress(FileNotFoundError):
        wanted = namespace_path(namespace).stat()
        # A file that is no namespace, or the machine's own one, must never select anything.
        if os.path.samestat(wanted, Path("/proc/self/ns/net").stat()):
            return []
        return [pid for pid in _process_ids() if _is_in(pid, wanted)]
    return []


def _process_ids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _is_in(pid: int, namespace: os.stat_result) -> bool:
    with suppress(OSError):
        return os.path.samestat(Path(f"/proc/{pid}/ns/net").stat(), namespace)
    return False


def _hardware_address(lab: int, number: int) -> str:
    return f"02:70:67:{lab >> 8:02x}:{lab & 255:02x}:{number:02x}"


def _delete_namespace(namespace: str) -> None:
    if namespace_path(namespace).exists():
        _ip("netns", "delete", namespace)


def _tried(*arguments: str, unless: str) -> bool:
    """Run ip; False if it fails with the message `unless`."""
    try:
        _ip(*arguments)
    except subprocess.CalledProcessError as error:
        if unless in error.stderr:
            return False
        raise
    return True


def _ip_batch(namespace: str, *lines: str) -> None:
    _ip("-netns", namespace, "-batch", "-", script="\n".join(lines))


def _ip(*arguments: str, script: str = "") -> str:
    done = subprocess.run(
        ["ip", *arguments], input=script, text=True, check=True, capture_output=True, timeout=30
    )
    return done.stdout
