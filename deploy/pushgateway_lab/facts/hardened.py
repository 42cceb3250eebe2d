"""The restrictions of services by drop-ins of this toolkit, as a look shows them, and their parser. Pure."""

from typing import NamedTuple

from pushgateway_lab.facts.look_output import decoded, pair_of


class Hardening(NamedTuple):
    """The restrictions of a service by a drop-in of this toolkit.

    + text: of the drop-in; empty if there is none
    + started_as: the digest of the text with which the running server was started; empty: without a drop-in
    """

    text: str = ""
    started_as: str = ""


def parse_hardenings(said: dict[str, list[str]]) -> dict[str, Hardening]:
    """Return the restrictions in the values of a look: server -> restrictions."""
    texts = dict(map(pair_of, said.get("hardening_text", ())))
    digests = dict(map(pair_of, said.get("hardened_as", ())))
    return {
        server: Hardening(decoded(texts.get(server, "")), digests.get(server, ""))
        for server in texts | digests
    }
