"""The steps of bootstrap."""

from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.install import preflight
from pushgateway_lab.prometheus import configuration, job, loading, target
from pushgateway_lab.run.steps import Step
from pushgateway_lab.smoke import push
from pushgateway_lab.tables import servers

_MERGE = Step(
    "Merge the scrape job",
    configuration.scrape_job,
    snapshot_of,
    configuration.is_merged,
    notes=job.notes,
)
_LOAD = Step("Have Prometheus load it", loading.loaded, snapshot_of, loading.is_done)

BOOTSTRAP = (
    Step("Check the host", preflight.check_host, snapshot_of, preflight.is_free),
    servers.FETCH,
    servers.INSTALL,
    servers.RELEASES,
    servers.RESTRICT,
    servers.LISTEN,
    servers.WEB_FILES,
    servers.RUN,
    servers.FIREWALL,
    servers.PRUNE,
    _MERGE,
    _LOAD,
    servers.TIDY_WEB_FILES,
    Step(
        "Prove it with a push",
        push.push,
        snapshot_of,
        push.is_done,
        after=(
            servers.INSTALL,
            servers.RELEASES,
            servers.RESTRICT,
            servers.LISTEN,
            servers.WEB_FILES,
            servers.RUN,
            _MERGE,
            _LOAD,
        ),
    ),
    Step("See the target up", target.up, snapshot_of, target.is_up),
)
