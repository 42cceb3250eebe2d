"""The deploys as functions, for the scripts in ``deploy/`` and for other people's pyinfra code."""

from pyinfra import context
from pyinfra.api.deploy import deploy

from pushgateway_lab import packages, preflight, prometheus, pushgateway, settings, smoke


@deploy("Bootstrap")
def bootstrap() -> None:
    """Have Prometheus and the Pushgateway work together on a host, and prove it.

    Raises:
        SettingsError: the host data of any host of the run cannot be used; nothing was touched.
    """
    wanted = settings.for_host(context.state, context.host)
    preflight.check(name="Check the host", settings=wanted)
    installed = packages.install(name="Install the packages", settings=wanted)
    running = pushgateway.run_with_flags(name="Run the Pushgateway", settings=wanted)
    merged = prometheus.scrape_job(name="Merge the scrape job", settings=wanted)
    loaded = prometheus.loaded(name="Have Prometheus load it", settings=wanted)
    smoke.push(
        name="Prove it with a push",
        settings=wanted,
        after=(installed, running, merged, loaded),
    )
