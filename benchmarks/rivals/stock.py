"""The toolkit's work with pyinfra's stock operations, as people write it without the toolkit."""

from pyinfra.operations import apt, files, systemd

CONFIG = "/etc/prometheus/prometheus.yml"

apt.packages(
    name="Install the packages",
    packages=["prometheus", "prometheus-pushgateway", "curl"],
    no_recommends=True,
    update=True,
    cache_time=86400,
)
flags = files.line(
    name="Set the flags",
    path="/etc/default/prometheus-pushgateway",
    line=r"^ARGS=.*",
    replace='ARGS="--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"',
)
job = files.block(
    name="Add the job",
    path=CONFIG,
    content=[
        "  - job_name: pushgateway",
        "    honor_labels: true",
        "    static_configs:",
        "      - targets: ['localhost:9091']",
    ],
)
systemd.service(
    name="Run the Pushgateway",
    service="prometheus-pushgateway",
    running=True,
    enabled=True,
)
systemd.service(
    name="Restart the Pushgateway",
    service="prometheus-pushgateway",
    restarted=True,
    _if=flags.did_change,
)
systemd.service(name="Run Prometheus", service="prometheus", running=True, enabled=True)
systemd.service(name="Reload Prometheus", service="prometheus", reloaded=True, _if=job.did_change)
