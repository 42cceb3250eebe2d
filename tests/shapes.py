"""Hosts on which both servers were installed in other ways than from Debian's packages.

No program comes from elsewhere: the packages have the same ones. A recipe moves them to where another installation
has them, purges the packages, and writes the units.
"""

from labhost import Host
from waiting import wait_on_host

CONFIG = "/etc/prometheus/prometheus.yml"

_MOVE = """
set -e
systemctl disable --quiet --now prometheus prometheus-pushgateway
cp /usr/bin/prometheus /usr/bin/promtool /usr/local/bin/
cp /usr/bin/prometheus-pushgateway /usr/local/bin/pushgateway
DEBIAN_FRONTEND=noninteractive dpkg --purge prometheus prometheus-pushgateway >/dev/null 2>&1
rm -rf /etc/prometheus /var/lib/prometheus /etc/default/prometheus*
"""

CHAPTERS = """\
# prometheus.yml of the training: chapters 1 to 4.1
global:
  scrape_interval: 2s
  evaluation_interval: 15s

rule_files:
  - "rules.yml"

scrape_configs:
  - job_name: "prometheus"
    static_configs:
      - targets: ["localhost:9090"]

  # chapter 3: node_exporter
  - job_name: "node"
    file_sd_configs:
      - files: ["targets/*.yml"]

  - job_name: blackbox
    metrics_path: /probe
    params:
      module: [http_2xx]
    static_configs:
      - targets:
        - http://localhost:9090
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - target_label: __address__
        replacement: localhost:9115
"""

_TRAINING = """
set -e
install -d -o student -g student -m 775 /etc/prometheus /etc/prometheus/targets
install -d -o student -g student /var/lib/prometheus
cat >/etc/prometheus/prometheus.yml
printf 'groups: []\\n' >/etc/prometheus/rules.yml
chown student:student /etc/prometheus/*.yml
chmod 664 /etc/prometheus/*.yml
cat >/etc/systemd/system/prometheus.service <<'UNIT'
[Unit]
Description=Prometheus
After=network-online.target

[Service]
User=student
Group=student
ExecStart=/usr/local/bin/prometheus --config.file=/etc/prometheus/prometheus.yml \\
    --storage.tsdb.path=/var/lib/prometheus --web.listen-address=127.0.0.1:9090
ExecReload=/bin/kill -HUP $MAINPID
PrivateTmp=true
ProtectHome=true
ProtectSystem=full

[Install]
WantedBy=multi-user.target
UNIT
cat >/etc/systemd/system/pushgateway.service <<'UNIT'
[Unit]
Description=Prometheus Pushgateway

[Service]
User=student
ExecStart=/usr/local/bin/pushgateway
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl start prometheus pushgateway
"""


def make_training_vm(host: Host) -> None:
    """Make a host the lab's own VM: from tarballs, for the login user, and started but not enabled."""
    host.run(_MOVE)
    host.run(_TRAINING, input=CHAPTERS)
    both_answer(host)


def both_answer(
    host: Host, prometheus: str = "127.0.0.1:9090", gateway: str = "127.0.0.1:9091"
) -> None:
    """Wait until both servers answer."""
    for url in (f"http://{prometheus}/-/ready", f"http://{gateway}/-/ready"):
        wait_on_host(host, f"curl -sf {url}")
