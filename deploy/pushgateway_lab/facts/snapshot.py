"""Everything the deploys need to know about a host, as data, and the parsing of it. Pure.

``files/snapshot.sh`` looks, this module parses what it prints. It decides nothing; `pushgateway_lab.host.fact`
makes the command, `pushgateway_lab.host.looking` says when to look.
"""

import json
import math
import shlex
from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

from pushgateway_lab import scrape_config
from pushgateway_lab.formats import sockets
from pushgateway_lab.formats.sockets import Listener
from pushgateway_lab.pruning import layout
from pushgateway_lab.pruning.layout import InstalledFile
from pushgateway_lab.scrape_config import Job
from pushgateway_lab.services import MANAGER, ServiceState

VERSION = "3"


class ConfigFile(NamedTuple):
    """Prometheus's configuration file as it is on the host."""

    data: bytes
    has_leftovers: bool
    """Whether a run that was killed left a temporary file beside it."""
    changed_at: float
    """When the file last changed in any way (ctime), in seconds since 1970."""


class Loaded(NamedTuple):
    """What Prometheus itself says about its configuration."""

    config: str
    """The loaded configuration as YAML, with every default written out and no secret in it."""
    last_reload_successful: bool
    last_reload_success_at: float

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The scrape jobs in it."""
        return scrape_config.known_jobs(self.config)


class Snapshot(NamedTuple):
    """A host at one moment.

    + user: who looked, and what sudo said if it refused
    + packages: name -> version of those of ours that are installed; empty where both services run
    + prometheus, pushgateway: their services
    + services: name -> every service that was looked at
    + pushgateway_argv: the command line of the running Pushgateway, None when it does not run
    + flags_text: the file that the Pushgateway's command line is written in, None when there is none
    + config_state: present, absent, special (not a regular file), large (beyond
      `pushgateway_lab.scrape_config.LONGEST`) or unreadable (for the user that Prometheus runs as)
    + config_obstacle: why nobody may write it: who else could put something else in its place; None if
      somebody may
    + prune_files: path -> the file, of those of `pushgateway_lab.pruning.layout.FILES` that are there
    + loaded: None when Prometheus does not answer, or when curl is missing
    """

    is_root: bool
    user: str
    sudo_refused: str | None
    os: str
    has_service_manager: bool
    tools: tuple[str, ...]
    promtool_package: bool
    packages: dict[str, str]
    prometheus: ServiceState
    pushgateway: ServiceState
    services: dict[str, ServiceState]
    pushgateway_argv: tuple[str, ...] | None
    pushgateway_sockets: tuple[str, ...]
    flags_text: str | None
    listeners: tuple[Listener, ...]
    config_state: str
    config: ConfigFile | None
    config_obstacle: str | None
    prune_files: dict[str, InstalledFile]
    loaded: Loaded | None

    def service(self, name: str) -> ServiceState:
        """The service of that name; one that does not exist when its manager does not know it."""
        return self.services.get(name, ServiceState(name))

    def config_in_words(self, path: str) -> str:
        """Say why the configuration file was not read."""
        reasons = {
            "special": f"{path} is not a regular file.",
            "large": f"{path} is larger than {scrape_config.LONGEST} bytes, so it was not read.",
            "unreadable": f"{path} cannot be read by the user that Prometheus runs as.",
        }
        return reasons.get(self.config_state, f"{path} is {self.config_state}.")

    @property
    def has_loaded_file(self) -> bool:
        """Whether Prometheus runs with the configuration file as it is now.

        Prometheus tells when it last took its file and shows what it took, with all defaults written out, so
        texts cannot be compared. The file is loaded if it has not changed in any way (ctime) since then, and
        no later reload failed. ``files/look-at-lab.sh`` has the same rule, to decide whether promtool is asked.
        """
        return (
            self.loaded is not None
            and self.config is not None
            and self.loaded.last_reload_successful
            and self.loaded.last_reload_success_at >= self.config.changed_at
        )

    def is_listening(self, port: int) -> bool:
        """Whether any program listens on that TCP port."""
        return any(listener.port == port for listener in self.listeners)

    @property
    def pushgateway_listeners(self) -> tuple[Listener, ...]:
        """The sockets on which the running Pushgateway listens."""
        return tuple(each for each in self.listeners if each.inode in self.pushgateway_sockets)


class Answer(NamedTuple):
    """What a host printed when it was looked at.

    + said: see `lines_of`
    + mark: the line that it began behind
    + earliest, latest: between these it was printed, by this machine's clock, in seconds since 1970
    """

    said: dict[str, list[str]]
    mark: str
    earliest: float
    latest: float


class IncompleteError(ValueError):
    """The output of a look is incomplete; ``at`` is the part that it reached, empty if unknown."""

    def __init__(self, at: str) -> None:
        super().__init__("the answer is incomplete, or of another version")
        self.at = at


def lines_of(output: Iterable[str]) -> dict[str, list[str]]:
    """What ``files/snapshot.sh`` prints: each name with its values.

    Raises:
        IncompleteError: it is of another version, or incomplete.
    """
    said: dict[str, list[str]] = {}
    for line in output:
        name, _, value = line.partition(" ")
        if name == "end":
            break
        said.setdefault(name, []).append(value)
    else:
        raise IncompleteError(said.get("at", [""])[-1])
    if said.get("snapshot") != [VERSION]:
        raise IncompleteError("")
    return said


def parse_snapshot(said: dict[str, list[str]]) -> Snapshot:
    """Read what `lines_of` found."""

    def first(name: str) -> str | None:
        return said.get(name, [None])[0]

    refused, flags, argv, obstacle = map(
        first, ("sudo_refused", "flags_text", "pushgateway_argv", "config_obstacle")
    )
    services = MANAGER.states(said.get("service", ()))
    prometheus, pushgateway = (
        services.get(name, ServiceState(name))
        for name in (first(f"{server}_service") or "" for server in ("prometheus", "pushgateway"))
    )
    return Snapshot(
        is_root=first("uid") == "0",
        user=first("user") or "root",
        sudo_refused=None if refused is None else decoded(refused).strip(),
        os=_unquoted(first("os") or ""),
        has_service_manager=first("service_manager") == "runs",
        tools=tuple(said.get("tool", ())),
        promtool_package=first("promtool_package") == "available",
        packages=_packages(said.get("package", ())),
        prometheus=prometheus,
        pushgateway=pushgateway,
        services=services,
        pushgateway_argv=None if argv is None else _argv(argv),
        pushgateway_sockets=tuple(
            value.removeprefix("socket:[").removesuffix("]")
            for value in said.get("pushgateway_socket", ())
        ),
        flags_text=None if flags is None else decoded(flags),
        listeners=tuple(map(sockets.parse_listener, said.get("listen", ()))),
        config_state=first("config") or "absent",
        config=_config(said),
        config_obstacle=None if obstacle is None else decoded(obstacle),
        prune_files=_prune_files(said),
        loaded=_loaded(said),
    )


def _unquoted(value: str) -> str:
    """Remove shell quotes from a value of os-release(5); return a wrongly quoted one unchanged."""
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value


def decoded(value: str) -> str:
    """A text that came as base64."""
    return b64decode(value, validate=True).decode("utf-8", "surrogateescape")


def _argv(value: str) -> tuple[str, ...]:
    return tuple(decoded(value).rstrip("\0").split("\0"))


def _packages(values: Iterable[str]) -> dict[str, str]:
    fields = (value.split(" ") for value in values)
    return {name: version for name, status, version in fields if status == "installed"}


def _config(said: dict[str, list[str]]) -> ConfigFile | None:
    if said.get("config") != ["present"]:
        return None
    data = b64decode(said["config_text"][0], validate=True)
    return ConfigFile(
        data=data,
        has_leftovers="config_leftover" in said,
        changed_at=float(said["config_changed"][0]),
    )


def _prune_files(said: dict[str, list[str]]) -> dict[str, InstalledFile]:
    modes, contents = (
        {path: value for value, _, path in (line.partition(" ") for line in said.get(name, ()))}
        for name in ("prune_mode", "prune_content")
    )
    # Of ours only: a path that a host names is no instruction.
    return {
        path: InstalledFile(modes[path], contents.get(path, ""))
        for path in layout.FILES
        if path in modes
    }


def _loaded(said: dict[str, list[str]]) -> Loaded | None:
    """Parse Prometheus's lines; return None where another program answered on its port."""
    answer = said.get("prometheus_config")
    successful = said.get("prometheus_config_last_reload_successful")
    success_at = said.get("prometheus_config_last_reload_success_timestamp_seconds")
    if not (answer and successful and success_at):
        return None
    try:
        config: str = json.loads(answer[0])["data"]["yaml"]
        if not isinstance(config, str):
            return None
        at = float(success_at[0])
        loaded = Loaded(
            config=config,
            last_reload_successful=float(successful[0]) == 1,
            last_reload_success_at=at if math.isfinite(at) else 0,
        )
        _ = loaded.jobs  # a configuration that Prometheus runs with can be read
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return loaded
