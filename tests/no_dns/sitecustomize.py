"""For pyinfra in a test, by PYTHONPATH: no name but localhost can be resolved, and nothing asks the network."""

import _socket
from typing import Any

_getaddrinfo = _socket.getaddrinfo


def getaddrinfo(  # noqa: PLR0917 - those of the original
    host: Any, port: Any, family: int = 0, kind: int = 0, proto: int = 0, flags: int = 0
) -> Any:
    """Resolve addresses and localhost only."""
    if host not in ("localhost", b"localhost", None):
        flags |= _socket.AI_NUMERICHOST
    return _getaddrinfo(host, port, family, kind, proto, flags)


vars(_socket)["getaddrinfo"] = getaddrinfo  # gevent takes it from there
