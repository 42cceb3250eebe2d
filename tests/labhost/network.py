"""The network of a lab: a switch with a subnet of its own, and a network namespace per host.

The switch is a bridge in a namespace of its own, so that the machine's firewall does not filter it: Docker's
rules would drop packets between hosts. The machine has the first address of the subnet. Hosts have no default
route: they reach the machine and each other, and nothing else.
"""

import ipaddress
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# A lab's number is an index into this list. The second range is reserved for network benchmarks
# (RFC 2544). It serves machines that route all of 10.0.0.0/8.
SUBNETS: tuple[ipaddress.IPv4Network, ...] = tuple(
    subnet
    for network in ("10.213.0.0/16", "198.18.0.0/16")
    for subnet in ipaddress.IPv4Network(network).subnets(new_prefix=24)
)
MAX_HOSTS = 240
_FIRST_HOST = 10


def switch_name(lab: int) -> str:
    """Return the name of the switch's namespace and of the machine's interface (at most 15 characters)."""
    return f"pgl{lab}"


def namespace_name(lab: int, host: int) -> str:
    """Return the name of the namespace of host number `host`, from 0."""
    return f"{switch_name(lab)}h{host}"


def address(lab: int, host: int) -> str:
    """Return the address of host number `host`, from 0."""
    return str(SUBNETS[lab][_FIRST_HOST + host])


def machine_address(lab: int) -> str:
    """Return the address of this machine, for the hosts of the lab."""
    return str(SUBNETS[lab][1])


def free_subnets() -> Iterator[int]:
    """Return the numbers of the subnets to which this machine has no route."""
    routes = json.loads(_ip("-json", "-4", "route", "show", "table", "all") or "[]")
    taken = [ipaddress.ip_network(route["dst"]) for route in routes if route["dst"] != "default"]
    for number, subnet in enumerate(SUBNETS):
        if not any(subnet.overlaps(network) for network in taken):
            yield number


def create_switch(lab: int) -> bool:
    """Create the lab's switch; return False if the name is taken (of two attempts, one succeeds)."""
    switch = switch_name(lab)
    if not _tried("netns", "add", switch, unless="File exists"):
        return False
    _ip_batch(
        switch,
        "link set lo up",
        f"link add bridge address {_hardware_address(lab, 254)} type bridge",
        "link set bridge up",
    )
    # With fixed hardware addresses: else an interface gets a new one when it is created (a bridge with each
    # new port), and neighbours still send to the old one.
    uplink = f"link add {switch} address {_hardware_address(lab, 255)} type veth peer name uplink"
    _ip(*uplink.split(), "netns", switch)
    _ip_batch(switch, "link set uplink master bridge up")
    _ip("address", "add", f"{machine_address(lab)}/24", "dev", switch)
    _ip("link", "set", switch, "up")
    return True


def delete_switch(lab: int) -> None:
    """Delete the results of `create_switch`, if they exist."""
    switch = switch_name(lab)
    # The kernel would delete the interface with the namespace, but later.
    _tried("link", "delete", switch, unless="Cannot find device")
    _delete_namespace(switch)


def attach_host(lab: int, host: int) -> None:
    """Create the host's namespace with a loopback, and an `eth0` on the switch."""
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
    """Delete the results of `attach_host`, if they exist."""
    switch = switch_name(lab)
    if namespace_path(switch).exists():
        # The kernel would delete the port with the namespace, too late for the next host with this number.
        port = f"port{host}"
        _tried("-netns", switch, "link", "delete", port, unless="Cannot find device")
    _delete_namespace(namespace_name(lab, host))


def namespace_path(namespace: str) -> Path:
    """Return the path of the file that keeps a namespace alive."""
    return Path("/run/netns", namespace)


def processes_in(namespace: str) -> list[int]:
    """Return the ids of the processes in a namespace; none if it does not exist."""
    with suppress(FileNotFoundError):
        wanted = namespace_path(namespace).stat()
        # For another file, or the machine's own namespace, the result must be empty: callers kill these.
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
    """Run ip; return False if it fails with the message `unless`."""
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
