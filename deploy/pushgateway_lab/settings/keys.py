"""Host data to validated settings, with every default.

Settings are pyinfra host data whose names start with ``pushgateway_``, ``prometheus_`` or ``lab_``,
and ``report``. `pushgateway_lab.settings.values` says what each may hold. Defaults live here and not in
``group_data``, because pyinfra finds ``group_data`` only beside an inventory file, not for
``pyinfra HOST`` and ``@local``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from pyinfra.api.exceptions import PyinfraError

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.settings import values

PREFIXES = ("pushgateway_", "prometheus_", "lab_")

STAGES = ("prepared", "configured", "pushed", "cleaned")
"""How far a host of the lab is: after the tasks Host, 4.2.1, 4.2.2 and 4.2.3, each with all before."""

# A key this similar to one of ours is taken for a misspelling of it (1.0 is the same word).
# 0.9 catches a letter lost, doubled or swapped; prometheus_config_dir (0.88) stays its owner's.
MISSPELT = 0.9


class SettingsError(PyinfraError):
    """One or more hosts have settings that cannot be used; nothing was touched on any host."""


def _setting(default: Any, check: Callable[[Any], Any], says: str) -> Any:
    """A field of `Settings`: its default, its check, and the line that says what it does."""
    metadata = {"check": check, "says": says}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The settings of one host, checked. Every field is one key of host data."""

    pushgateway_listen_address: str = _setting(
        "127.0.0.1:9091",
        values.listen_address,
        "where the Pushgateway listens; an address already in its ARGS is kept unless this is set",
    )
    pushgateway_admin_api: bool = _setting(
        True,
        values.boolean,
        "--web.enable-admin-api: lets everybody who reaches the port wipe all groups",
    )
    pushgateway_extra_flags: dict[str, str | bool] = _setting(
        {},
        values.flags,
        "more Pushgateway flags, without dashes: flag -> value, or True for one that takes none",
    )
    pushgateway_allow_data_loss: bool = _setting(
        False,
        values.boolean,
        "restart a Pushgateway that holds pushed groups and does not persist them",
    )
    pushgateway_job_name: str = _setting(
        "pushgateway", values.name, "job_name of the scrape job in Prometheus's configuration"
    )
    pushgateway_targets: tuple[str, ...] | None = _setting(
        None,
        values.targets,
        "targets of that job, HOST:PORT; None: localhost and the port the Pushgateway listens on",
    )
    pushgateway_scrape_interval: str | None = _setting(
        None,
        values.interval,
        "scrape_interval of that job, as 5s or 1m; None: left to the file, else Prometheus's own",
    )
    pushgateway_smoke: str = _setting(
        "auto",
        values.one_of("auto", "always", "never"),
        "push a metric and see it arrive: auto (when this run changed something), always, never",
    )
    pushgateway_smoke_timeout: float | None = _setting(
        None,
        values.seconds,
        "seconds until that metric must have arrived; None: two of Prometheus's scrape intervals",
    )
    pushgateway_apt_timeout: float = _setting(
        300.0,
        values.seconds,
        "seconds to wait for another program, as a new VM's own updates, to let go of apt",
    )
    pushgateway_unit: str | None = _setting(
        None, values.unit, "the Pushgateway's systemd unit; None: that of Debian's package"
    )
    pushgateway_url: str | None = _setting(
        None,
        values.url("http", "https"),
        "where the Pushgateway answers, as seen on the host; None: http, where it listens",
    )
    pushgateway_username: str | None = _setting(
        None, values.username, "user name for the Pushgateway's basic authentication"
    )
    pushgateway_password_file: str | None = _setting(
        None, values.local_file, "file on this machine that holds that user's password"
    )
    pushgateway_ca_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine: certificates (PEM) to trust for an https URL",
    )
    pushgateway_cert_file: str | None = _setting(
        None, values.local_file, "file on this machine: client certificate (PEM) for an https URL"
    )
    pushgateway_key_file: str | None = _setting(
        None, values.local_file, "file on this machine: its key (PEM); None: it is in the same file"
    )
    pushgateway_prune_after: str | None = _setting(
        None,
        values.age,
        "have the host delete groups whose last push is longer ago than this, as 24h; None: never",
    )
    pushgateway_prune_keep: tuple[str, ...] = _setting(
        (),
        values.selectors,
        "label matchers of groups to keep whatever their age, as 'job=\"backup\"'; one is enough",
    )
    pushgateway_prune_report: bool = _setting(
        False, values.boolean, "have each prune push what it did, as job pushgateway_lab_prune"
    )
    prometheus_config_path: str = _setting(
        "/etc/prometheus/prometheus.yml",
        values.path,
        "the configuration file the job is merged into",
    )
    prometheus_unit: str | None = _setting(
        None, values.unit, "Prometheus's systemd unit; None: that of Debian's package"
    )
    prometheus_url: str = _setting(
        "http://127.0.0.1:9090",
        values.url("http"),
        "where Prometheus answers, as seen from the host itself",
    )
    prometheus_reload_timeout: float = _setting(
        30.0,
        values.seconds,
        "seconds until Prometheus must have taken, or refused, a configuration",
    )
    lab_look_timeout: float | None = _setting(
        None,
        values.seconds,
        "seconds for a look at a host; None: 9, and 0.1 more for each further host of the run",
    )
    lab_budget: float | None = _setting(
        None,
        values.seconds,
        "seconds after which verify reports what it has seen until then; None: when all was seen",
    )
    lab_reset: bool = _setting(
        False,
        values.boolean,
        "have prepare remove the scrape job and the groups of somebody who worked here before",
    )
    lab_wipe: bool = _setting(
        False, values.boolean, "have reset delete all groups, not only those of the lab's jobs"
    )
    lab_expect: str | None = _setting(
        None,
        values.one_of(*STAGES),
        "the stage at which verify expects a host, or beyond: prepared, configured, pushed, cleaned",
    )
    lab_tasks: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with further tasks (Python, see docs/verify.md)",
    )
    lab_quote_files: bool = _setting(
        False,
        values.boolean,
        "have verify quote a host's files word for word where a program cannot read them",
    )
    report: str | None = _setting(
        None,
        values.local_file,
        "directory on this machine where verify writes report.html, report.json and report.xml",
    )
    given: frozenset[str] = frozenset()
    """The keys somebody set: only those replace what an administrator wrote on the host."""

    @property
    def prometheus_port(self) -> int:
        """The TCP port of `prometheus_url`."""
        return urlsplit(self.prometheus_url).port or 80


KEYS = tuple(field.name for field in fields(Settings) if "check" in field.metadata)


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """The settings that host data asks for, with defaults for all the rest.

    Raises:
        SettingsError: a value is impossible, or a key is a misspelling of one of ours. The message
            has one line for each.
    """
    problems = [
        f"{_shown_key(key)}: no such setting; did you mean {near}?"
        for key in data
        if (near := _misspelling_of(key))
    ]
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        key = setting.name
        if key in KEYS and data.get(key) is not None:
            try:
                values[key] = setting.metadata["check"](data[key])
            except ValueError as error:
                problems.append(f"{key} = {_shown(data[key])}: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**values, given=frozenset(values))


def _shown(value: Any) -> str:
    """Return a value for an error message, without the user name and the password of a URL."""
    if isinstance(value, str):  # before it is cut, or the @ may be lost
        value = re.sub("//.*@", "//...@", value, flags=re.DOTALL)
    return shown(value)


def _shown_key(key: str) -> str:
    return key if key.isascii() and key.isprintable() else shown(key)


@cache  # the hosts of a class mostly have the same keys
def _misspelling_of(key: str) -> str | None:
    """The setting that was meant by an unknown key; None if it is known or somebody else's."""
    if key in KEYS:
        return None
    plain = key.replace("-", "_").lower()
    shortened = [known for known in KEYS if known.startswith(f"{plain}_")]
    if plain.startswith(PREFIXES) and len(shortened) == 1:
        return shortened[0]
    return next(iter(get_close_matches(plain, KEYS, n=1, cutoff=MISSPELT)), None)
