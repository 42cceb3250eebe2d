"""The parser of the output of ``files/snapshot.sh``. Pure."""

import shlex
from base64 import b64decode
from collections.abc import Iterable

from pushgateway_lab import services
from pushgateway_lab.facts.denial import parse_denial
from pushgateway_lab.facts.found import (
    parse_lone,
    parse_rivals,
    parse_unit_file,
)
from pushgateway_lab.facts.hardened import parse_hardenings
from pushgateway_lab.facts.loaded_configuration import parse_loaded
from pushgateway_lab.facts.look_output import argv_of, decoded, pair_of
from pushgateway_lab.facts.names import parse_names
from pushgateway_lab.facts.snapshot import ConfigFile, OpenPort, Snapshot
from pushgateway_lab.facts.unfinished import parse_unfinished
from pushgateway_lab.facts.web_file import (
    WEB_USERS,
    parse_web_configs,
    parse_web_files,
    parse_web_texts,
)
from pushgateway_lab.formats import answers, sockets
from pushgateway_lab.formats.answers import AnswerError, Target
from pushgateway_lab.formats.file_text import encoded
from pushgateway_lab.pruning import layout
from pushgateway_lab.pruning.layout import InstalledFile
from pushgateway_lab.services import SYSTEMD, ServiceState
from pushgateway_lab.services.process import state_of as process_state

_UNAVAILABLE = "503"  # Prometheus's answer while it starts (its web/web.go, testReady)


def parse_snapshot(said: dict[str, list[str]]) -> Snapshot:
    """Return the snapshot in the values that `lines_of` returns.

    Raises:
        ValueError, KeyError, IndexError: the values are not those of a snapshot.
    """

    def first(name: str) -> str | None:
        return said.get(name, [None])[0]

    def text(name: str) -> str | None:
        value = first(name)
        return None if value is None else decoded(value)

    refused, argv = text("sudo_refused"), first("pushgateway_argv")
    service_manager = first("service_manager") or ""
    states = (services.manager(service_manager) or SYSTEMD).states(said.get("service", ()))
    lone = dict(map(parse_lone, said.get("process", ())))
    prometheus, pushgateway = (
        process_state(lone[server].pid) if server in lone else states.get(name, ServiceState(name))
        for server, name in (
            (server, first(f"{server}_service") or "") for server in ("prometheus", "pushgateway")
        )
    )
    return Snapshot(
        is_root=first("uid") == "0",
        user=first("user") or "root",
        sudo_refused=None if refused is None else refused.strip(),
        os=_unquoted(first("os") or ""),
        service_manager=service_manager,
        tools=tuple(said.get("tool", ())),
        promtool_package=first("promtool_package") == "available",
        packages=_packages(said.get("package", ())),
        held=tuple(
            value.removesuffix(" hold")
            for value in said.get("package_want", ())
            if value.endswith(" hold")
        ),
        prometheus=prometheus,
        pushgateway=pushgateway,
        services=states,
        prometheus_pid=int(first("prometheus_pid") or 0),
        pushgateway_pid=int(first("pushgateway_pid") or 0),
        pushgateway_argv=None if argv is None else argv_of(argv),
        pushgateway_sockets=_inodes(said.get("pushgateway_socket", ())),
        prometheus_sockets=_inodes(said.get("prometheus_socket", ())),
        flags_file=first("flags_file"),
        flags_text=text("flags_text"),
        hardenings=parse_hardenings(said),
        prometheus_storage=text("prometheus_storage") or "",
        web_configs=parse_web_configs(said),
        prometheus_flags_text=text("prometheus_flags_text"),
        has_own_prometheus="prometheus_note" in said
        or any(value.startswith("prometheus ") for value in said.get("release", ())),
        unfinished=parse_unfinished(said),
        unit_files=tuple(map(parse_unit_file, said.get("unit_file", ()))),
        ports_in_use=tuple(int(value, 16) for value in said.get("port_in_use", ())),
        rivals=dict(map(parse_rivals, said.get("rivals", ()))),
        lone=lone,
        listeners=tuple(map(sockets.parse_listener, said.get("listen", ()))),
        config_state=first("config") or "absent",
        config=_config(said),
        config_found=text("config_found"),
        config_running=text("config_running"),
        config_apart=first("config_apart") or "",
        url_found=text("url_found"),
        config_obstacle=text("config_obstacle"),
        prune_files=_prune_files(said),
        web_files=parse_web_files(said),
        web_texts=parse_web_texts(said),
        web_users=tuple(said.get(WEB_USERS, ())),
        users=dict(map(pair_of, said.get("user_of", ()))),
        loaded=parse_loaded(said),
        firewalls=dict(line.split(" ", 1) for line in said.get("firewall", ())),
        opened_ports=tuple(map(_open_port, said.get("opened_port", ()))),
        targets=_targets(said, "prometheus_targets"),
        all_targets=_targets(said, "prometheus_all_targets")
        or _targets(said, "prometheus_targets")
        or (),
        names=parse_names(said.get("hostname", ()), said.get("address", ()), said.get("hosts", ())),
        proven=first("proven") or "",
        added_targets=first("added_targets") or "",
        releases=dict(map(pair_of, said.get("release", ()))),
        prometheus_starts=_UNAVAILABLE in said.get("prometheus_answered", ()),
        denial=parse_denial(said),
    )


def _unquoted(value: str) -> str:
    """Return a value of os-release(5) without its shell quotes; with wrong quotes, unchanged."""
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value


def _open_port(line: str) -> OpenPort:
    firewall, _, port = line.partition(" ")
    return OpenPort(firewall, int(port))


def _inodes(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.removeprefix("socket:[").removesuffix("]") for value in values)


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
    # Only our own files: no other path from a host is used.
    return {
        path: InstalledFile(modes[path], contents.get(path, ""))
        for path in layout.FILES
        if path in modes
    }


def _targets(said: dict[str, list[str]], name: str) -> tuple[Target, ...] | None:
    try:
        answer = encoded(said[name][0])
        return tuple(answers.targets(answers.parse_answer(answer)))
    except (KeyError, AnswerError):
        return None
