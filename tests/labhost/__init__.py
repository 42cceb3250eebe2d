"""Disposable lab hosts: real Debian systems in containers, for tests and for `make lab`.

    with Lab.make() as lab:
        host = lab.boot(HostSpec(suite="bookworm", packages=("prometheus",)))
        host.run("systemctl is-active prometheus")

It needs Linux, root, and Debian's systemd-container and debootstrap. On the machine it writes only to
/var/cache/pushgateway-lab (images) and, while hosts run, /var/lib/pushgateway-lab.
"""

from .host import Host, HostError, HostSpec
from .image import SUITES, ImageBuildError
from .lab import Lab, stop_all
from .pyinfra_command import PyinfraCommand, PyinfraResult, toolkit_directories
from .warm_pyinfra import WarmPyinfra

__all__ = [
    "SUITES",
    "Host",
    "HostError",
    "HostSpec",
    "ImageBuildError",
    "Lab",
    "PyinfraCommand",
    "PyinfraResult",
    "WarmPyinfra",
    "stop_all",
    "toolkit_directories",
]
