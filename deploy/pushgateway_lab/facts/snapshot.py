"""The snapshot of a host: all data that the deploys need to decide. Pure.

`pushgateway_lab.host.looking` decides when to look, `pushgateway_lab.host.fact` makes the command,
``files/snapshot.sh`` looks at the host, and `pushgateway_lab.facts.snapshot_parser` parses its output.
"""

from typing import NamedTuple

from pushgateway_lab import scrape_config, services
from pushgateway_lab.facts.denial import Denial
from pushgateway_lab.facts.found import LoneProcess, Server, UnitFile
from pushgateway_lab.facts.hardened import Hardening
from pushgateway_lab.facts.loaded_configuration import Loaded
from pushgateway_lab.facts.names import Names
from pushgateway_lab.facts.unfinished import UnfinishedFlags
from pushgateway_lab.facts.web_file import WebFile
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.file_text import digest_of
from pushgateway_lab.formats.sockets import Listener
from pushgateway_lab.pruning.layout import InstalledFile
from pushgateway_lab.services import SYSTEMD, ServiceManager, ServiceState


class ConfigFile(NamedTuple):
    """Prometheus's configuration file on the host."""

    data: bytes
    has_leftovers: bool
    """True if a killed run left a temporary file beside it."""
    changed_at: float
    """The file's ctime in seconds since 1970: any change of content, name or attributes sets it."""


class OpenPort(NamedTuple):
    """A TCP port that this toolkit opened in a firewall: ``ufw`` or ``firewalld``."""

    firewall: str
    port: int

    def __str__(self) -> str:
        """Return it as ``files/change-firewall.sh`` reads it."""
        return f"{self.firewall}:{self.port}"


class Snapshot(NamedTuple):
    """The state of a host at one moment.

    + user: the user that ran the look
    + sudo_refused: sudo's error message, None if sudo did not refuse
    + packages: name -> version of the installed packages of the lab; empty if both services run and no version is pinned
    + held: those of these packages that apt must not change (``apt-mark hold``)
    + prometheus, pushgateway: the services of both servers
    + service_manager: the name of the service manager; empty if the host has none
    + services: name -> state, of all services in the look
    + pushgateway_argv: the command line of the running Pushgateway, None if it does not run
    + prometheus_pid, pushgateway_pid: their processes, which may be children of a service's main process; 0 if they do
      not run
    + flags_file: the file with the Pushgateway's flags, as its service has it; None if there is no service
    + flags_text: the text of that file, None if there is no such file
    + hardenings: server -> the restrictions of its service by a drop-in of this toolkit, if there is one, or if its process
      was started with one
    + prometheus_storage: the directory of Prometheus's samples, as a flag of its process has it; empty without the flag
    + web_configs: web configuration file, as a flag of the Pushgateway names it -> the authentication that it asks for:
      ``users``, ``certificates`` or ``none``, or ``replaceable`` by another user than root; without the files that cannot be
      read
    + unit_files: the files that define the Pushgateway's service, in the order in which they are read; empty if its
      command has a variable, whose file is `flags_file` then
    + ports_in_use: the ports on which the host listens and to which another host has a connection
    + rivals: server -> its candidates, if several are equally good
    + lone: server -> its process, if that is of no service
    + prometheus_flags_text: the text of the file with the flags of a Prometheus that this toolkit installed; None if there
      is none, and without ``prometheus_listen_address`` unless a change of it is unfinished
    + unfinished: server -> a change of its flags that a killed run left unfinished, see `unfinished_flags`
    + has_own_prometheus: this toolkit has installed Prometheus, from a package or a release
    + config_state: present, absent, special (not a regular file), large (over
      `pushgateway_lab.scrape_config.LONGEST`) or unreadable (for the user that Prometheus runs as)
    + config_found: the configuration file that the running Prometheus reads and that was looked at, if that is another
      one than the settings' default
    + config_running: the configuration file that the running Prometheus reads, if that is another one than the file
      that was looked at; None if it is the same, or unknown
    + config_apart: why the running Prometheus would not see a change of the file: ``other``, it has another file there;
      ``mounted``, this file alone was mounted for it; empty: it would
    + url_found: the URL of the running Prometheus, if it is another one than the settings' default
    + config_obstacle: why root must not write the configuration file: somebody else could replace it or a
      directory on its path; None if root may write it
    + prometheus_sockets, pushgateway_sockets: the inodes of the sockets of both servers' main processes
    + prometheus_starts: Prometheus answers 503: it starts, and reads its write-ahead log
    + denial: the refusal of the look's questions by Prometheus or curl
    + prune_files: path -> file, of the existing files among `pushgateway_lab.pruning.layout.FILES`
    + web_files: path -> file, of the existing files among `pushgateway_lab.installations.web_files.FILES`
    + web_texts: path -> text, of those in `pushgateway_lab.installations.web_files.SHOWN`
    + web_users: the users of that file whose hash fits the password of the settings; this machine adds them to the look
    + users: server -> the id of the user of its process, if its service does not name a user
    + loaded: None if Prometheus does not answer, or if curl is missing
    + firewalls: name -> state of the active firewalls: ``open``, ``closed`` or ``decided`` (by a rule of somebody else)
      at the port of the look; empty if the look has no port
    + opened_ports: the ports that this toolkit opened
    + targets: the active targets of the lab's job, as Prometheus reports them; older releases report those of all
      jobs. None if it did not report them, and in the look of verify, prepare and reset, which asks for all targets
      by itself
    + all_targets: those of all jobs, if the lab's job has none; else as `targets`, or none
    + names: the host's own names and addresses
    + releases: product -> version, of the servers that this toolkit has installed from releases
    + added_targets: the note about targets that this toolkit has added, see `pushgateway_lab.facts.added`
    + proven: what the last proof proved, see `pushgateway_lab.smoke.proven`; empty if there was none
    """

    is_root: bool
    user: str
    sudo_refused: str | None
    os: str
    service_manager: str
    tools: tuple[str, ...]
    promtool_package: bool
    packages: dict[str, str]
    held: tuple[str, ...]
    prometheus: ServiceState
    pushgateway: ServiceState
    services: dict[str, ServiceState]
    pushgateway_argv: tuple[str, ...] | None
    prometheus_pid: int
    pushgateway_pid: int
    pushgateway_sockets: tuple[str, ...]
    prometheus_sockets: tuple[str, ...]
    flags_file: str | None
    flags_text: str | None
    hardenings: dict[str, Hardening]
    prometheus_storage: str
    web_configs: dict[str, str]
    prometheus_flags_text: str | None
    has_own_prometheus: bool
    unfinished: dict[str, UnfinishedFlags]
    unit_files: tuple[UnitFile, ...]
    ports_in_use: tuple[int, ...]
    rivals: dict[str, tuple[Server, ...]]
    lone: dict[str, LoneProcess]
    listeners: tuple[Listener, ...]
    config_state: str
    config: ConfigFile | None
    config_found: str | None
    config_running: str | None
    config_apart: str
    url_found: str | None
    config_obstacle: str | None
    prune_files: dict[str, InstalledFile]
    web_files: dict[str, WebFile]
    web_texts: dict[str, str]
    web_users: tuple[str, ...]
    users: dict[str, str]
    loaded: Loaded | None
    firewalls: dict[str, str]
    opened_ports: tuple[OpenPort, ...]
    targets: tuple[Target, ...] | None
    all_targets: tuple[Target, ...]
    names: Names
    proven: str
    added_targets: str
    releases: dict[str, str]
    prometheus_starts: bool
    denial: Denial

    @property
    def has_service_manager(self) -> bool:
        """Return whether the host has a service manager that is known."""
        return services.manager(self.service_manager) is not None

    @property
    def manager(self) -> ServiceManager:
        """The service manager; systemd if the host has none."""
        return services.manager(self.service_manager) or SYSTEMD

    def service(self, name: str) -> ServiceState:
        """Return the state of a service; for an unknown name, the state of a service that does not exist."""
        return self.services.get(name, ServiceState(name))

    def hardening(self, server: str) -> Hardening:
        """Return the restrictions of a server's service: ``prometheus`` or ``pushgateway``."""
        return self.hardenings.get(server, Hardening())

    def user_of(self, server: str) -> str:
        """Return the user as whom a server runs, by name or by number.

        + server: ``prometheus`` or ``pushgateway``
        """
        return self.users.get(server) or self.state_of(server).user or "root"

    def unfinished_flags(self, server: str) -> UnfinishedFlags | None:
        """Return the change of a server's flags that a killed run left unfinished; None if there is none.

        The file has the new text, or the old one: of a run that was killed before it wrote, or when it had gone back. None
        if somebody else has changed the file since.

        + server: ``prometheus`` or ``pushgateway``
        """
        found, text = self.unfinished.get(server), self.flags_of(server)
        if found is None or server in self.lone:
            return None
        if server == "pushgateway" and found.file != self.flags_file:
            return None
        return found if text == found.old or digest_of(text) == found.written else None

    def flags_of(self, server: str) -> str | None:
        """Return the text of the file with the flags of a server: ``prometheus`` or ``pushgateway``."""
        return self.prometheus_flags_text if server == "prometheus" else self.flags_text

    def finished_flags_of(self, server: str) -> str | None:
        """Return the same without a change that a killed run left unfinished: the text before it."""
        unfinished = self.unfinished_flags(server)
        return unfinished.old if unfinished else self.flags_of(server)

    def state_of(self, server: str) -> ServiceState:
        """Return the state of the service of a server: ``prometheus`` or ``pushgateway``."""
        return self.prometheus if server == "prometheus" else self.pushgateway

    def listeners_of(self, server: str) -> tuple[Listener, ...]:
        """Return the sockets on which a server listens: ``prometheus`` or ``pushgateway``."""
        return self.prometheus_listeners if server == "prometheus" else self.pushgateway_listeners

    def config_in_words(self, path: str) -> str:
        """Return a sentence that says why the configuration file was not read."""
        reasons = {
            "special": f"{path} is not a regular file.",
            "large": f"{path} is larger than {scrape_config.LONGEST} bytes, so it was not read.",
            "unreadable": f"{path} cannot be read by the user that Prometheus runs as.",
        }
        return reasons.get(self.config_state, f"{path} is {self.config_state}.")

    @property
    def has_loaded_file(self) -> bool:
        """Return whether Prometheus has loaded the current configuration file.

        The texts cannot be compared, because Prometheus shows its configuration with all defaults written out.
        The file is loaded if its ctime is not later than the last successful reload, and no later reload failed.
        ``files/look-at-lab.sh`` applies the same rule, to decide whether to run promtool.
        """
        return (
            self.loaded is not None
            and self.config is not None
            and self.loaded.last_reload_successful
            and self.loaded.last_reload_success_at >= self.config.changed_at
        )

    def is_listening(self, port: int) -> bool:
        """Return whether any program listens on a TCP port."""
        return any(listener.port == port for listener in self.listeners)

    @property
    def is_used_by_others(self) -> bool:
        """Return whether other hosts use the Pushgateway: a connection shows it, or a target by a name of the host."""
        ports = {each.port for each in self.pushgateway_listeners}
        return not ports.isdisjoint(self.ports_in_use) or any(
            is_other and port in ports for is_other, port in map(self._reached_by, self.all_targets)
        )

    def _reached_by(self, target: Target) -> tuple[bool, int]:
        """Return whether the address of a target is one of the host's that others reach, and its port."""
        host, _, port = target.address.rpartition(":")
        addresses = self.names.addresses_of(host)
        reached = any(not each.is_loopback for each in addresses)
        return reached, int(port) if port.isdecimal() else 0

    @property
    def pushgateway_listeners(self) -> tuple[Listener, ...]:
        """The sockets on which the running Pushgateway listens."""
        return tuple(each for each in self.listeners if each.inode in self.pushgateway_sockets)

    @property
    def prometheus_listeners(self) -> tuple[Listener, ...]:
        """The sockets on which the running Prometheus listens."""
        return tuple(each for each in self.listeners if each.inode in self.prometheus_sockets)
