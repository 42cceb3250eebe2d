"""The fingerprint of a proven state: a later run compares it with the state of the host. Pure.

A host notes its last proof in a file. The smoke push deletes this note when it begins, and writes it when it has
succeeded: a run that ended in between, or whose smoke push failed, leaves the proof to the next run.
"""

import json
from hashlib import sha256

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.settings import Settings

NOTE = "/var/lib/pushgateway-lab/proven"
"""The file on a host with the fingerprint of what its last proof proved."""


def fingerprint(seen: Snapshot, settings: Settings) -> str:
    """Return a digest of all on which the result of a smoke push depends.

    These are the scrape job as Prometheus has loaded it, with all defaults; the Pushgateway's command line; the URLs of both
    servers; and the files for TLS and passwords.

    + seen: a snapshot of the host
    + settings: of the host
    """
    proven = [
        _loaded_job(seen, settings.pushgateway_job_name),
        seen.pushgateway_argv,
        settings.pushgateway_url,
        settings.prometheus_url,
        # Left out where there are none, so that notes of earlier versions still count.
        *(
            [sorted((path, each.content) for path, each in seen.web_files.items())]
            if seen.web_files
            else []
        ),
    ]
    return sha256(json.dumps(proven).encode()).hexdigest()


def is_proven(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the last proof on a host proved its present state."""
    return seen.proven == fingerprint(seen, settings)


def _loaded_job(seen: Snapshot, name: str) -> list[str]:
    """Return the lines of a job in the loaded configuration, which Prometheus indents by two blanks."""
    if seen.loaded is None:
        return []
    found = next((each for each in seen.loaded.jobs if each.name == name), None)
    if found is None:
        return []
    first, *others = seen.loaded.config.splitlines()[found.line - 1 :]
    end = next((n for n, line in enumerate(others) if line[:1] not in ("", " ")), len(others))
    return [first, *others[:end]]
