"""The targets of a scrape config: HOST:PORT, and which of them are the same address.

The rules are those of Prometheus's dialler, Go's package net on Linux. Each was tried with Prometheus 2.42
and a Pushgateway on 127.0.0.1 alone and on all addresses.
"""

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address

from pushgateway_lab.scrape_config.fields import Fields, fields_of, items_of
from pushgateway_lab.scrape_config.nodes import Kind, Node

# Unicode's categories of blanks, line breaks, control and invisible characters.
_UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}

_ASCII_UNSEEN = re.compile("[\\x00-\\x20\\x7f]+")

_LOOPBACK = IPv4Address("127.0.0.1")


def targets_of(fields: Fields) -> list[Node]:
    """Return all static targets of a job with these fields."""
    return [
        target
        for group in items_of(fields.get("static_configs"))
        for target in items_of(fields_of(group).get("targets"))
        if target.kind is Kind.SCALAR
    ]


def same_target(one: str, other: str) -> bool:
    """Return whether Prometheus scrapes the same address for two targets (HOST:PORT).

    ``localhost``, ``127.0.0.1``, ``0.0.0.0``, ``[::]`` and an empty host are one address. ``[::1]`` and
    ``127.0.0.2`` are others: a server on 127.0.0.1 does not listen there. With a blank in it, a target is
    an address that does not exist.

    Example:
        same_target("localhost:9091", "127.0.0.1:9091")
    """
    return one == other or address_of(one) == address_of(other)


def address_of(target: str) -> tuple[str, str]:
    """Return host and port of a target, equal for targets that are the same address."""
    host, colon, port = target.lower().rpartition(":")
    if not colon:
        return port, ""  # Prometheus adds the port of the scheme
    return _host(host), port.lstrip("0") if port.isdecimal() and port.isascii() else port


def _host(host: str) -> str:
    """Return one form for all forms of an IP address, and ``localhost`` for those that reach 127.0.0.1."""
    inner = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host
    if inner in {"", "localhost", "127.0.0.1"}:
        return "localhost"
    if not (inner[0].isdigit() and "." in inner) and ":" not in inner:
        return inner  # a name, which is not parsed in vain
    try:
        address: IPv4Address | IPv6Address = ip_address(inner)
    except ValueError:
        return inner
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return "localhost" if address == _LOOPBACK or address.is_unspecified else str(address)


def without_blanks(target: str) -> str:
    """Return a target without blanks and invisible characters, which no address has.

    Example:
        without_blanks("localhost:9091 ") == "localhost:9091"
    """
    if target.isascii():
        return (
            target if target.isprintable() and " " not in target else _ASCII_UNSEEN.sub("", target)
        )
    return "".join(letter for letter in target if unicodedata.category(letter) not in _UNSEEN)
