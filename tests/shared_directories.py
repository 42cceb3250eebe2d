"""A directory of root's with the configuration file, in which a group may write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from expectations import BOOTSTRAP, CONFIG, HAND_EDITED, prometheus_runs
from labhost import Host, PyinfraResult
from transactions import BACKUP, SETTINGS, mend

Run = Callable[..., PyinfraResult]

DIRECTORY = "/etc/prometheus"
NOTE = "/var/lib/pushgateway-lab/closed"
SHARE = f"chown root:prometheus {DIRECTORY} {CONFIG}; chmod 640 {CONFIG}; chmod 770 {DIRECTORY}"
RIGHTS = f"stat -c '%U:%G %a' {DIRECTORY} {CONFIG}; getfacl -cnp {DIRECTORY} {CONFIG}"
HIDDEN = "only-root-may-read-this"
LINK = "the path has a symbolic link there"
SPECIAL = f"{CONFIG} is not a regular file"


@contextmanager
def shared_directory(host: Host) -> Iterator[None]:
    """Give a host a shared directory, a converged Pushgateway and a configuration without the job; renew it at the end."""
    host.write("/root/secret", f"{HIDDEN}: {HIDDEN}\n".encode())
    host.run("chmod 600 /root/secret")
    shadow = host.run("stat -c '%u %g %a' /etc/shadow; sha256sum /etc/shadow").stdout
    _renew(host)
    yield
    host.run("systemctl stop 'racer*'", check=False)
    mend(host)
    assert host.run("stat -c '%u %g %a' /etc/shadow; sha256sum /etc/shadow").stdout == shadow
    _renew(host)


def _renew(host: Host) -> None:
    host.run(
        f"rm -rf {CONFIG} {BACKUP} {DIRECTORY}/.pro* {DIRECTORY}/conf /srv/* {NOTE} /run/racing\n"
        f"setfacl -b {DIRECTORY}; chmod 00755 {DIRECTORY}; chown root:root {DIRECTORY}"
    )
    host.write(
        "/etc/default/prometheus-pushgateway",
        b'ARGS="--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"\n',
    )
    host.write(CONFIG, HAND_EDITED)
    host.run(f"chmod 644 {CONFIG}; {SHARE}")
    host.run("systemctl reset-failed; systemctl restart prometheus prometheus-pushgateway")
    prometheus_runs(host)


def bootstrap(run_pyinfra: Run, host: Host, **data: object) -> PyinfraResult:
    """Bootstrap a host, with the settings of the transaction tests and further ones."""
    return run_pyinfra(host, "-y", BOOTSTRAP, data=SETTINGS | data)


def mode(host: Host, directory: str = DIRECTORY) -> str:
    """Return the mode of a directory."""
    return host.run(f"stat -c %a {directory}").stdout.strip()


def assert_open(host: Host, wanted: str = "770") -> None:
    """Fail if the directory has not its old mode, or if something of the transaction is left."""
    assert mode(host) == wanted
    assert host.run(f"ls {NOTE}*", check=False).stdout == ""
    assert host.run("flock -n /run/pushgateway-lab.lock true", check=False).returncode == 0
