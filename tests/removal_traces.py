"""Looks at hosts for the uninstallation, without hosts."""

from base64 import b64encode

from pushgateway_lab.facts.remains import Remains, parse_remains
from pushgateway_lab.removal.traces import Traces
from snapshots import BOTH, config, loaded, seen

OWNERS = "scrape_configs:\n  - job_name: own\n    static_configs:\n      - targets: ['a:1']\n"
JOB = "  - job_name: pushgateway\n    honor_labels: true\n    static_configs:\n      - targets: ['localhost:9091'{}]\n"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def traces(
    *lines: str,
    going: tuple[str, ...] = (),
    unsafe: tuple[str, ...] = (),
    **fields: object,
) -> Traces:
    left = Remains(paths=("/var/lib/pushgateway-lab",))._replace(**fields)  # type: ignore[arg-type]
    return Traces(seen(*BOTH, *lines), left, going, unsafe)


def with_job(targets: str, added: str) -> Traces:
    text = OWNERS + JOB.format(targets)
    return traces(*config(text), *loaded(text), f"added_targets {added}")


def with_packages(found: Traces, *names: str) -> Traces:
    """Return a look at a host whose packages this toolkit installed, and which go."""
    left = parse_remains(
        {
            "noted_package": [f"{each} asked purge" for each in names],
            "package_state": [f"{each} installed" for each in names],
        }
    )
    remains = found.remains._replace(packages=left.packages, has_packages_note=True)
    return found._replace(going=names, remains=remains)
