"""Trainees whose job is right or nearly so, and stands in the way of something on the host."""

from expectations import CONFIG, DEFAULTS
from trainee import CONFIGURATION_CHECKS, HOST_CHECKS, Check, Trainee, all_are
from trainee_commands import JOB, READY, RELOAD, UP, edit, until, until_log

_PROMETHEUS_DEFAULTS = "/etc/default/prometheus"
_DOWN = until('up{job="pushgateway"} == 0')
_RULES = "/etc/prometheus/lab.rules"
_FAILED = until("prometheus_config_last_reload_successful == 0")
_BEHIND_PATH = (
    f"sed -i 's|ARGS=\"|&--web.external-url=http://vm/push/ |' {DEFAULTS}\n"
    "systemctl restart prometheus-pushgateway\n" + READY.replace("/-/", "/push/-/")
)
_RENAMED = """\
    relabel_configs:
      - {target_label: job, replacement: training}
"""
_CACHED = "sleep 6\n"
"""Prometheus reads /etc/hosts at most every five seconds, and keeps a connection that it has."""

_DROPPED = """\
    metric_relabel_configs:
      - {source_labels: [__name__], regex: '(go|process|promhttp|pushgateway)_.*', action: drop}
"""
_MOVED = """\
    metric_relabel_configs:
      - {target_label: job, replacement: training}
"""


def _drop_in(unit: str, lines: str) -> str:
    """Return a shell command that changes a unit."""
    directory = f"/etc/systemd/system/{unit}.service.d"
    return (
        f"mkdir -p {directory}\nprintf '[Service]\\n{lines}\\n' >{directory}/lab.conf\n"
        "systemctl daemon-reload\n"
    )


def _flag(flag: str) -> str:
    """Return a shell command that gives Prometheus a flag."""
    return f"sed -i 's|^ARGS=.*|ARGS=\"{flag}\"|' {_PROMETHEUS_DEFAULTS}\nsystemctl restart prometheus\n"


_WITHOUT_FLAGS = 's/^ARGS=.*/ARGS=""/'

TARGETS = {
    "localhost is IPv6 alone": Trainee(
        f"printf '::1 localhost\\n127.0.0.1 vm\\n' >/etc/hosts\n{_CACHED}{edit()}{RELOAD}{_DOWN}",
        "prepared",
        [
            Check("target_up", "wrong", "localhost stands for ::1, but", "sudoedit /etc/hosts"),
            Check("target_up", "wrong", "In /etc/hosts, add:\n127.0.0.1 localhost"),
        ],
    ),
    "localhost is elsewhere": Trainee(
        f"printf '192.0.2.7 localhost\\n' >/etc/hosts\n{_CACHED}{edit()}{RELOAD}"
        + _DOWN.replace("localhost:", "127.0.0.1:"),
        "prepared",
        [Check("target_up", "wrong", "localhost stands for 192.0.2.7", "sudoedit /etc/hosts")],
    ),
    "proxy": Trainee(
        edit(f"{JOB}    proxy_url: http://127.0.0.1:3128\n") + RELOAD + _DOWN,
        "prepared",
        [
            Check(
                "target_up", "wrong", "through a proxy: the job has proxy_url (line ", "sudoedit"
            ),
            Check("target_up", "wrong", f"In {CONFIG}, delete line "),
        ],
    ),
    "https": Trainee(
        edit(f"{JOB}    scheme: https\n") + RELOAD + _DOWN,
        "prepared",
        [
            Check(
                "target_up",
                "wrong",
                "speaks http, but the job's scheme is https (line ",
                "sudoedit",
            )
        ],
    ),
    "target is a URL": Trainee(
        edit(JOB.replace("'localhost", "'http://localhost")) + RELOAD + _FAILED,
        "prepared",
        [
            Check("accepted", "wrong", "is not a valid hostname", "sudoedit"),
            Check("accepted", "wrong", "by:\n      - targets: ['localhost:9091']"),
        ],
    ),
    "too many samples": Trainee(
        edit(f"{JOB}    sample_limit: 5\n") + RELOAD + _DOWN,
        "prepared",
        [Check("target_up", "wrong", f"limit exceeded\nIn {CONFIG}, delete line ", "sudoedit")],
    ),
    "another metrics_path": Trainee(
        edit(f"{JOB}    metrics_path: /\n") + RELOAD + _DOWN,
        "prepared",
        [
            Check("target_up", "wrong", "at /metrics, but the job's metrics_path is / (line "),
            Check("target_up", "wrong", f"In {CONFIG}, delete line ", "sudoedit"),
        ],
    ),
    "under a path": Trainee(
        _BEHIND_PATH + edit() + RELOAD + _DOWN,
        "prepared",
        [
            Check("target_up", "wrong", "at /push/metrics, but the job's metrics_path is /metrics"),
            Check("target_up", "wrong", "add:\n    metrics_path: /push/metrics", "sudoedit"),
        ],
    ),
    "job renamed": Trainee(
        edit(JOB + _RENAMED) + RELOAD + until('up{job="training"}'),
        "prepared",
        [
            Check("target_up", "done"),
            Check("default_metrics", "wrong", "names the job 'training'", "sudoedit"),
            Check("default_metrics", "wrong", "relabel_configs (line "),
        ],
    ),
    "default metrics dropped": Trainee(
        edit(JOB + _DROPPED) + RELOAD + UP,
        "prepared",
        [
            Check("target_up", "done"),
            Check(
                "default_metrics", "wrong", "metric_relabel_configs of the job (line ", "sudoedit"
            ),
            Check("default_metrics", "wrong", "drop its metrics"),
        ],
    ),
    "default metrics moved": Trainee(
        edit(JOB + _MOVED) + RELOAD + until('pushgateway_build_info{job="training"}'),
        "prepared",
        [Check("default_metrics", "wrong", "under the job training", "sudoedit")],
    ),
    "honor_labels is a text": Trainee(
        edit(JOB.replace("true", '"true"')) + RELOAD + _FAILED,
        "prepared",
        [Check("honor_labels", "wrong", "has a value in quotes, which is a text", "sudoedit")],
    ),
    "honor_labels is a label": Trainee(
        edit(JOB.replace("    honor_labels: true\n", "") + "        labels: {honor_labels: true}\n")
        + RELOAD
        + UP,
        "prepared",
        [Check("honor_labels", "wrong", "is under labels, where it is no field", "sudoedit")],
    ),
    "honor_labels is with the targets": Trainee(
        edit(JOB.replace("    honor_labels: true\n", "") + "        honor_labels: true\n")
        + RELOAD
        + _FAILED,
        "prepared",
        [
            Check("honor_labels", "wrong", "is under static_configs", "sudoedit"),
            Check("honor_labels", "wrong", "delete line "),
            Check("accepted", "wrong", "line ", "sudoedit"),
        ],
    ),
    "honor_labels after a no-break space": Trainee(
        edit(JOB.replace("    honor", "    \u00a0honor")) + RELOAD + _FAILED,
        "prepared",
        [Check("honor_labels", "wrong", "is none (U+00A0)", "sudoedit")],
    ),
}
"""Between Prometheus and the Pushgateway: the target, and what becomes of its metrics."""


HOSTS = {
    "purged": Trainee(
        f"{edit()}{RELOAD}dpkg --purge prometheus-pushgateway\n{_DOWN}",
        None,
        [
            Check("pushgateway", "open", "the trainer runs deploy/prepare.py"),
            Check("target_up", "wrong", "There is no Pushgateway on this host: see the task Host."),
        ],
        ends=False,
    ),
    "broken rules file": Trainee(
        f"printf 'groups:\\n  - name: [\\n' >{_RULES}\nsed -i '/^rule_files:/d' {CONFIG}\n"
        + edit()
        + f"echo 'rule_files: [lab.rules]' >>{CONFIG}\n"
        + RELOAD
        + _FAILED,
        "prepared",
        [
            Check("accepted", "wrong", f"promtool rejects {_RULES}", f"sudoedit {_RULES}"),
            Check("accepted", "wrong", "Correct line 2 of that file."),
            Check("loaded", "wrong", "took the scrape jobs", f"sudoedit {_RULES}"),
            *all_are("done", "target_up default_metrics"),
        ],
        by_hand="s/\\[/lab/",
    ),
    # They are found where their flags put them.
    "Prometheus on another port": Trainee(
        edit() + _flag("--web.listen-address=:9095"),
        "configured",
        [
            Check(
                "prometheus",
                "done",
                "Its flags put it at http://127.0.0.1:9095: --web.listen-address.",
                "sudoedit",
            )
        ],
    ),
    "Prometheus at another address": Trainee(
        edit() + _flag("--web.listen-address=127.0.0.2:9090"),
        "configured",
        [
            Check(
                "prometheus",
                "done",
                "Its flags put it at http://127.0.0.2:9090: --web.listen-address.",
                "sudoedit",
            )
        ],
    ),
    "Prometheus under a path": Trainee(
        edit() + _flag("--web.external-url=http://vm/prom/"),
        "configured",
        [
            Check(
                "prometheus",
                "done",
                "Its flags put it at http://127.0.0.1:9090/prom: --web.external-url.",
                "sudoedit",
            )
        ],
    ),
    "Pushgateway by hand": Trainee(
        edit()
        + RELOAD
        + "systemctl stop prometheus-pushgateway\n"
        + "setsid prometheus-pushgateway >/dev/null 2>&1 &\n"
        + READY,
        None,
        [Check("pushgateway", "wrong", "9091 is in use by process ", "sudo kill ")],
    ),
    "Prometheus by hand": Trainee(
        edit()
        + "systemctl stop prometheus\n"
        + f"setsid prometheus --config.file={CONFIG} --storage.tsdb.path=/run/p >/dev/null 2>&1 &\n"
        + READY.replace("9091", "9090"),
        None,
        [Check("prometheus", "wrong", "9090 is in use by process ", "sudo kill ")],
    ),
    "directory closed": Trainee(
        f"{edit()}chmod -R 700 /etc/prometheus\n{RELOAD}{_FAILED}",
        "prepared",
        [
            Check("job", "wrong", "cannot be read", "sudo chmod g+x /etc/prometheus\n"),
            Check("loaded", "wrong", "may not read", "sudo chgrp prometheus /etc/prometheus;"),
        ],
    ),
    "file is a link to a secret": Trainee(
        f"ln -sf /etc/shadow {CONFIG}\n{RELOAD}{_FAILED}",
        "prepared",
        [
            Check(
                "job", "wrong", "It is a link to /etc/shadow: put the configuration itself there"
            ),
            Check("accepted", "wrong", "It is a link to /etc/shadow"),
            Check("loaded", "wrong", "It is a link to /etc/shadow"),
        ],
        ends=False,
    ),
    "unit cannot reload": Trainee(
        _drop_in("prometheus", "ExecReload=") + edit(),
        "prepared",
        [
            Check(
                "loaded",
                "wrong",
                "edited but not reloaded",
                "sudo systemctl kill -s HUP prometheus",
            )
        ],
    ),
    "Pushgateway as another user": Trainee(
        _drop_in("prometheus-pushgateway", "User=games")
        + "systemctl restart prometheus-pushgateway\n"
        + READY,
        None,
        [
            Check("persistence", "wrong", "may not write in /var/lib/prometheus", "lab.conf"),
            Check("persistence", "wrong", "lab.conf changes prometheus-pushgateway.service"),
        ],
        by_hand="/^User/d",
    ),
    "Pushgateway may not write": Trainee(
        "chown root /var/lib/prometheus\n",
        None,
        [Check("persistence", "wrong", "Groups do not survive a restart", "sudo chown prometheus")],
    ),
    "Pushgateway has no directory": Trainee(
        f"sed -i 's|ARGS=\"|&--persistence.file=/srv/lab/groups |' {DEFAULTS}\n"
        "systemctl restart prometheus-pushgateway\n" + READY,
        None,
        [Check("persistence", "wrong", "may not write in /srv/lab, or", "sudo mkdir -p /srv/lab")],
    ),
    "Pushgateway hangs": Trainee(
        "kill -STOP $(pidof prometheus-pushgateway)\n",
        None,
        [Check("pushgateway", "wrong", "does not answer", "sudo systemctl restart")],
        rests=False,
    ),
    "open to all": Trainee(
        f"sed -i 's/127.0.0.1:9091/:9091/' {DEFAULTS}\nsystemctl restart prometheus-pushgateway\n"
        + READY
        + edit()
        + RELOAD
        + UP,
        "configured",
        [
            *all_are("done", f"{HOST_CHECKS} {CONFIGURATION_CHECKS}"),
            Check("listen_address", "done", "Everybody who reaches it can push and wipe."),
        ],
    ),
    "Prometheus's file is missing": Trainee(
        _flag("--config.file=/etc/prometheus/lab.yml") + until_log("prometheus", "no such file"),
        None,
        [
            Check("prometheus", "wrong", "does not stay up", f"sudoedit {_PROMETHEUS_DEFAULTS}"),
            Check("prometheus", "wrong", "A flag is wrong: check ARGS in /etc/default/prometheus."),
        ],
        by_hand=_WITHOUT_FLAGS,
        rests=False,
    ),
    "Prometheus's flags misspelt": Trainee(
        _flag("--web.listen-adress=:9095") + until_log("prometheus", "unknown long flag"),
        None,
        [Check("prometheus", "wrong", "unknown long flag", f"sudoedit {_PROMETHEUS_DEFAULTS}")],
        by_hand=_WITHOUT_FLAGS,
        rests=False,
    ),
}
"""On the host: its services, their flags and rights."""
