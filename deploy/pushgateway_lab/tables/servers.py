"""The steps that bootstrap and prepare share: both servers are installed, and the Pushgateway runs."""

from pushgateway_lab import prune
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.install import packages, releases
from pushgateway_lab.prometheus import listening, restrictions
from pushgateway_lab.pushgateway import closing, firewall, running
from pushgateway_lab.run.steps import Step

FETCH = Step("Fetch the releases", releases.fetch, snapshot_of, releases.are_installed)
INSTALL = Step("Install the packages", packages.install, snapshot_of, packages.are_installed)
RELEASES = Step("Install the releases", releases.install, snapshot_of, releases.are_installed)
RESTRICT = Step("Restrict Prometheus", restrictions.restricted, snapshot_of, restrictions.is_done)
LISTEN = Step(
    "Set the listen address of Prometheus",
    listening.listens,
    snapshot_of,
    listening.is_done,
    notes=listening.notes,
)
WEB_FILES = Step(
    "Write the files for TLS and passwords",
    closing.files_written,
    snapshot_of,
    closing.is_done,
    notes=closing.notes,
)
RUN = Step(
    "Run the Pushgateway",
    running.run_with_flags,
    snapshot_of,
    running.is_done,
    notes=running.notes,
)
FIREWALL = Step(
    "Open the firewall",
    firewall.opened,
    snapshot_of,
    firewall.is_done,
    notes=firewall.notes,
)
PRUNE = Step("Prune old groups", prune.scheduled, snapshot_of, prune.is_done)
TIDY_WEB_FILES = Step(
    "Remove old files for TLS and passwords",
    closing.files_tidied,
    snapshot_of,
    closing.is_tidy,
    notes=closing.notes_on_kept,
)
