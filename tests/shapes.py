"""Hosts on which both servers were installed in other ways than from Debian's packages.

No program comes from elsewhere: the packages have the same ones. A recipe moves them to where another installation
has them, purges the packages, and writes the units.
"""

import shlex

from expectations import HAND_EDITED
from labhost import Host
from waiting import wait_on_host

CONFIG = "/etc/prometheus/prometheus.yml"

QUERY = "curl -sG localhost:9090/api/v1/query --data-urlencode query="
"""The beginning of a command that asks Prometheus; the query follows."""

quoted = shlex.quote

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

_TRAINING = r"""
set -e
install -d -o student -g student -m 775 /etc/prometheus /etc/prometheus/targets
install -d -o student -g student /var/lib/prometheus
cat >/etc/prometheus/prometheus.yml
printf 'groups: []\n' >/etc/prometheus/rules.yml
chown student:student /etc/prometheus/*.yml
chmod 664 /etc/prometheus/*.yml
cat >/etc/systemd/system/prometheus.service <<'UNIT'
[Unit]
Description=Prometheus
After=network-online.target

[Service]
User=student
Group=student
ExecStart=/usr/local/bin/prometheus --config.file=/etc/prometheus/prometheus.yml \
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


def training_vm(host: Host) -> None:
    """Make a host the lab's own VM: from tarballs, for the login user, and started but not enabled."""
    host.run(_MOVE)
    host.run(_TRAINING, input=CHAPTERS)
    both_answer(host)


_COLLECTION = r"""
set -e
id prometheus >/dev/null
useradd --system --no-create-home --shell /usr/sbin/nologin pushgateway
install -d -o root -g prometheus -m 770 /etc/prometheus
install -d -o prometheus -g prometheus /var/lib/prometheus
install -d -o root -g pushgateway -m 750 /etc/pushgateway
install -d -o pushgateway -g pushgateway /var/lib/pushgateway
cat >/etc/prometheus/prometheus.yml
chown root:prometheus /etc/prometheus/prometheus.yml
chmod 640 /etc/prometheus/prometheus.yml
cat >/etc/systemd/system/prometheus.service <<'UNIT'
[Unit]
Description=Prometheus
After=network-online.target

[Service]
Type=simple
User=prometheus
Group=prometheus
ExecReload=/bin/kill -HUP $MAINPID
ExecStart=/usr/local/bin/prometheus \
  --storage.tsdb.path=/var/lib/prometheus \
  --storage.tsdb.retention.time=30d \
  --web.listen-address=0.0.0.0:9090 \
  --web.external-url='' \
  --config.file=/etc/prometheus/prometheus.yml
ProtectSystem=strict
ReadWritePaths=/var/lib/prometheus
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
cat >/etc/systemd/system/pushgateway.service <<'UNIT'
[Unit]
Description=Prometheus Pushgateway

[Service]
Type=simple
User=pushgateway
Group=pushgateway
ExecStart=/usr/local/bin/pushgateway \
    --persistence.file="/var/lib/pushgateway/metrics" \
    --web.listen-address="0.0.0.0:9091" \
    --web.telemetry-path="/metrics"
Restart=always
RestartSec=1
ProtectHome=true
ProtectSystem=strict
ReadWritePaths=/var/lib/pushgateway
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet --now prometheus pushgateway
"""


def collection(host: Host) -> None:
    """Make a host as roles and modules make it: users of their own, flags in the units, open to all, enabled."""
    host.run(_MOVE)
    host.run(_COLLECTION, input=HAND_EDITED.decode())
    both_answer(host)


def renamed(host: Host) -> None:
    """Take the command to reload from the unit of a training VM, and give Prometheus other names and places."""
    training_vm(host)
    host.run(
        "set -e; cd /etc/systemd/system; systemctl stop prometheus; mkdir -p /srv/prom; chown student: /srv/prom\n"
        "mv /etc/prometheus/prometheus.yml /srv/prom/monitoring.yml; mv /etc/prometheus/rules.yml /srv/prom/\n"
        "sed -e '/^ExecReload/d' -e 's,/etc/prometheus/prometheus.yml,/srv/prom/monitoring.yml,' "
        "-e 's,127.0.0.1:9090,127.0.0.1:9095 --web.external-url=http://vm/prom/,' prometheus.service >monitoring.service\n"
        "rm prometheus.service; systemctl daemon-reload; systemctl start monitoring"
    )
    both_answer(host, "127.0.0.1:9095/prom")


def by_hand(host: Host) -> None:
    """Start both servers of a training VM from the login user's home, without units."""
    training_vm(host)
    host.run(
        "set -e; systemctl stop prometheus pushgateway; rm /etc/systemd/system/p*.service; systemctl daemon-reload\n"
        "install -d -o student /home/student/prom; cp /etc/prometheus/*.yml /home/student/prom; chown -R student: /home/student/prom\n"
        "rm -r /etc/prometheus"
    )
    for program in (
        "prometheus --config.file=prometheus.yml --storage.tsdb.path=data",
        "pushgateway",
    ):
        host.run(
            f"cd /home/student/prom; setsid setpriv --reuid=student --regid=student --init-groups /usr/local/bin/{program} >/dev/null 2>&1 </dev/null &"
        )
    both_answer(host)


def with_variable(host: Host) -> None:
    """Give the Pushgateway of a training VM its flags from a variable in a file."""
    training_vm(host)
    host.run(
        "set -e; cd /etc/systemd/system; printf '# ours\\nOPTS=\"--log.level=debug\"\\n' >/etc/default/pushgateway\n"
        "sed -i -e 's,^ExecStart=.*,ExecStart=/usr/local/bin/pushgateway --web.listen-address=:9091 $OPTS,' "
        "-e '/^User/a EnvironmentFile=-/etc/default/pushgateway' pushgateway.service\n"
        "systemctl daemon-reload; systemctl restart pushgateway"
    )
    both_answer(host)


def both_answer(
    host: Host, prometheus: str = "127.0.0.1:9090", gateway: str = "127.0.0.1:9091"
) -> None:
    """Wait until both servers answer."""
    for url in (f"http://{prometheus}/-/ready", f"http://{gateway}/-/ready"):
        wait_on_host(host, f"curl -sf {url}")


def under_a_path(host: Host) -> None:
    """Put the Pushgateway of a training VM under a path, with its own metrics at another one."""
    training_vm(host)
    host.run(
        "sed -i 's,^ExecStart=.*,ExecStart=/usr/local/bin/pushgateway --web.route-prefix=/push --web.telemetry-path=/own,' "
        "/etc/systemd/system/pushgateway.service; systemctl daemon-reload; systemctl restart pushgateway"
    )
    both_answer(host, gateway="127.0.0.1:9091/push")


def on_two_addresses(host: Host) -> None:
    """Give the Pushgateway of a training VM two listen addresses (its release 1.8 and newer)."""
    training_vm(host)
    host.run(
        "sed -i 's,^ExecStart=.*,&  --web.listen-address=127.0.0.1:9091 --web.listen-address=:9191,' "
        "/etc/systemd/system/pushgateway.service; systemctl daemon-reload; systemctl restart pushgateway"
    )
    both_answer(host)


def with_the_file_mounted_alone(host: Host) -> None:
    """Mount the configuration file alone into the file system of a training VM's Prometheus, as containers do."""
    training_vm(host)
    host.run(
        "install -d -o student /srv/prom; cp -p /etc/prometheus/prometheus.yml /srv/prom/; cd /etc/systemd/system\n"
        "sed -i '/^PrivateTmp/a BindPaths=/srv/prom/prometheus.yml:/etc/prometheus/prometheus.yml' prometheus.service\n"
        "systemctl daemon-reload; systemctl restart prometheus"
    )
    both_answer(host)


_CONTAINER = r"""
set -e
mkdir -p /srv/rootfs/usr /srv/rootfs/etc/prometheus /srv/rootfs/proc /srv/rootfs/dev /srv/rootfs/data /srv/bundle /srv/prom /srv/data
for name in bin lib lib64; do ln -s usr/$name /srv/rootfs/$name; done
cp -p /etc/prometheus/prometheus.yml /srv/prom/
chown -R prometheus: /srv/data
cat >/srv/bundle/config.json
sed -i "s/UID/$(id -u prometheus)/; s/GID/$(id -g prometheus)/" /srv/bundle/config.json
cat >/etc/systemd/system/monitoring.service <<'UNIT'
[Service]
ExecStart=/usr/bin/crun --cgroup-manager=disabled run --no-new-keyring --bundle /srv/bundle prom
UNIT
systemctl daemon-reload
systemctl disable --quiet --now prometheus
systemctl start monitoring
"""

_BUNDLE = """{
"ociVersion": "1.0.2", "root": {"path": "/srv/rootfs"},
"process": {"user": {"uid": UID, "gid": GID}, "cwd": "/", "env": ["PATH=/usr/bin"], "args":
    ["/usr/bin/prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/data"]},
"mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
    {"destination": "/etc/hosts", "type": "bind", "source": "/etc/hosts", "options": ["bind", "ro"]},
    {"destination": "/etc/prometheus", "type": "bind", "source": "/srv/prom", "options": ["rbind", "rw"]},
    {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "rw"]}],
"linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}]}}
"""


def in_a_container(host: Host) -> None:
    """Run Prometheus in a container, whose unit has another name, with the directory of its file mounted."""
    host.run(_CONTAINER, input=_BUNDLE)
    both_answer(host)


def without_packages(host: Host) -> None:
    """Make a training VM a host of another distribution: without apt and dpkg, and sudo does not know /usr/local/bin."""
    training_vm(host)
    host.run(
        "for tool in apt-get apt-cache dpkg dpkg-query; do mv /usr/bin/$tool /root/; done\n"
        'printf \'NAME=Example\\nID=example\\nID_LIKE="rhel fedora"\\nPRETTY_NAME="Example Linux 9"\\n\' >/etc/os-release\n'
        "echo 'Defaults secure_path=/sbin:/bin:/usr/sbin:/usr/bin' >/etc/sudoers.d/path"
    )


def with_tools_in_rust(host: Host) -> None:
    """Replace coreutils and sudo by those that Ubuntu 25.10 has: its packages rust-coreutils and sudo-rs."""
    host.run(
        "for tool in /usr/lib/cargo/bin/coreutils/* /usr/lib/cargo/bin/sudo; do ln -sf $tool /usr/bin/; done\n"
        "ls --version | grep -q uutils && sudo --version | grep -q sudo-rs"
    )


def without_pushgateway(host: Host) -> None:
    """Take the Pushgateway from a training VM."""
    training_vm(host)
    host.run(
        "systemctl stop pushgateway; rm /etc/systemd/system/pushgateway.service /usr/local/bin/pushgateway\n"
        "systemctl daemon-reload"
    )
