"""The names and addresses of a host, as it knows them itself. Pure."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

Address = IPv4Address | IPv6Address

_LOCALHOST = ("127.0.0.1", "::1")


class Names(NamedTuple):
    """The names and addresses of a host.

    + host: its host name, in lower case; empty if unknown
    + addresses: its own addresses
    + hosts: name, in lower case -> addresses, of ``/etc/hosts``
    """

    host: str
    addresses: tuple[str, ...]
    hosts: Mapping[str, tuple[str, ...]]

    def addresses_of(self, name: str) -> frozenset[Address]:
        """Return the addresses of this host that a name or an address stands for; none if it is another host's.

        A name that begins with the host name, as ``vm01.example.org`` on ``vm01``, counts as a name of this host.

        + name: the host part of a target; an IPv6 address may have brackets
        """
        name = name.lower().rstrip(".")
        try:
            found = {_plain(ip_address(name.strip("[]")))}
        except ValueError:
            found = set(map(ip_address, self._addresses_of_name(name)))
        return frozenset(each for each in found if self._is_own(each))

    def _addresses_of_name(self, name: str) -> tuple[str, ...]:
        if name in self.hosts:
            return self.hosts[name]
        if name in ("", "localhost"):
            return _LOCALHOST
        if self.host and name.partition(".")[0] == self.host.partition(".")[0]:
            return self.hosts.get(self.host, self.addresses)
        return ()

    def _is_own(self, address: Address) -> bool:
        return address.is_loopback or address.is_unspecified or str(address) in self.addresses


def parse_names(host: Iterable[str], addresses: Iterable[str], hosts: Iterable[str]) -> Names:
    """Return the names in the lines of a look. A line of another form is left out.

    + host: the host name, in one line
    + addresses: IPv4 addresses, and IPv6 addresses of 32 digits
    + hosts: the lines of ``/etc/hosts``, without comments
    """
    named: dict[str, tuple[str, ...]] = {}
    for line in hosts:
        words = line.split()
        if words and (found := _address(words[0])):
            for name in words[1:]:
                named[name.lower()] = (*named.get(name.lower(), ()), str(found))
    own = (_address(each) for each in addresses)
    return Names(
        next(iter(host), "").strip().lower(), tuple(str(each) for each in own if each), named
    )


def _address(written: str) -> Address | None:
    try:
        if len(written) == 32 and ":" not in written:  # noqa: PLR2004 - as the kernel writes IPv6
            return IPv6Address(int(written, 16))
        return _plain(ip_address(written))
    except ValueError:
        return None


def _plain(address: Address) -> Address:
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
