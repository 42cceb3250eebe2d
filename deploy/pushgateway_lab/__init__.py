"""Prepare, bootstrap and verify Prometheus Pushgateway lab hosts with pyinfra.

The public names are those in ``__all__`` here and in `pushgateway_lab.lab`; any other name may change
without notice.

+ deploys: `bootstrap`, `prepare`, `reset`, `uninstall`, `verify`
+ operations: the modules `groups` and `prune`
+ a fact: `HostSnapshot`
+ clients of both HTTP APIs: `Pushgateway` and `Prometheus`, which raise `ApiError`; `session` sends their
  requests from a host, `Access` holds a password and certificates
+ for ``config.py``: `configure`
"""

from typing import TYPE_CHECKING

from pushgateway_lab import lazy

if TYPE_CHECKING:
    from pushgateway_lab import groups, prune
    from pushgateway_lab.deploys import bootstrap, prepare, reset, uninstall, verify
    from pushgateway_lab.host.fact import HostSnapshot
    from pushgateway_lab.http.access import Access
    from pushgateway_lab.http.api import ApiError, Prometheus, Pushgateway
    from pushgateway_lab.http.connection import session
    from pushgateway_lab.run.configure import configure
else:  # hidden from mypy: in a module with __getattr__, it accepts every name
    __getattr__ = lazy.importer(
        __name__,
        {
            "Access": "pushgateway_lab.http.access",
            "ApiError": "pushgateway_lab.http.api",
            "HostSnapshot": "pushgateway_lab.host.fact",
            "Prometheus": "pushgateway_lab.http.api",
            "Pushgateway": "pushgateway_lab.http.api",
            "bootstrap": "pushgateway_lab.deploys",
            "configure": "pushgateway_lab.run.configure",
            "groups": "pushgateway_lab.groups",
            "prepare": "pushgateway_lab.deploys",
            "prune": "pushgateway_lab.prune",
            "reset": "pushgateway_lab.deploys",
            "session": "pushgateway_lab.http.connection",
            "uninstall": "pushgateway_lab.deploys",
            "verify": "pushgateway_lab.deploys",
        },
    )

__version__ = "0.1.0"

__all__ = [
    "Access",
    "ApiError",
    "HostSnapshot",
    "Prometheus",
    "Pushgateway",
    "bootstrap",
    "configure",
    "groups",
    "prepare",
    "prune",
    "reset",
    "session",
    "uninstall",
    "verify",
]
