"""The steps of uninstall. The notes go last: a run that was killed is finished by the next one."""

from pushgateway_lab.removal import (
    cleanup,
    clearance,
    own_address,
    own_flags,
    own_groups,
    own_job,
    own_ports,
    own_releases,
    own_restrictions,
    own_web_files,
    purge,
)
from pushgateway_lab.removal.traces import look_for_traces
from pushgateway_lab.run.steps import Step

UNINSTALL = (
    Step("Check the host", clearance.check, look_for_traces, clearance.is_done),
    Step("Remove the prune", cleanup.unscheduled, look_for_traces, cleanup.has_no_prune),
    Step("Remove the scrape job", own_job.removed, look_for_traces, own_job.is_done),
    Step(
        "Run the Pushgateway with its own flags",
        own_flags.restored,
        look_for_traces,
        own_flags.is_done,
    ),
    # Now a Pushgateway that this toolkit closed needs no password any more.
    Step("Delete the groups", own_groups.deleted, look_for_traces, own_groups.is_done),
    Step(
        "Run Prometheus without restrictions",
        own_restrictions.lifted,
        look_for_traces,
        own_restrictions.is_done,
    ),
    Step(
        "Run Prometheus with its own flags",
        own_address.restored,
        look_for_traces,
        own_address.is_done,
    ),
    # Before the users to which they belong.
    Step(
        "Remove the files for TLS and passwords",
        own_web_files.removed,
        look_for_traces,
        own_web_files.is_done,
    ),
    Step("Remove the releases", own_releases.removed, look_for_traces, own_releases.is_done),
    Step("Remove the packages", purge.purged, look_for_traces, purge.is_done),
    Step("Close the firewall", own_ports.closed, look_for_traces, own_ports.is_done),
    Step("Remove the notes", cleanup.removed, look_for_traces, cleanup.is_done),
)
