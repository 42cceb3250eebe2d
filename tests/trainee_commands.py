"""Shell commands that trainees type: those of the lab's page, their pieces, and waits for their results."""

from expectations import CONFIG

# The commands of the lab's page.
PUSH_TRAINING = (
    'echo "prometheus_training_labs_completed_total 4" | '
    "curl --data-binary @- http://localhost:9091/metrics/job/prometheus_training"
)


PUSH_INSTANCE = """\
cat <<EOF | curl --data-binary @- http://localhost:9091/metrics/job/prometheus_training/instance/myinstance
# TYPE some_metric_total counter
# HELP This is just an example metric.
some_metric_total 42
EOF
"""


DELETE_TRAINING = "curl -X DELETE http://localhost:9091/metrics/job/prometheus_training"


WIPE = "curl -X PUT http://localhost:9091/api/v1/admin/wipe"


JOB = """\
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: ['localhost:9091']
"""


RELOAD = "systemctl reload prometheus\n"


def edit(job: str = JOB) -> str:
    return f"cat >>{CONFIG} <<'JOB'\n{job}JOB\n"


def until(promql: str) -> str:
    """Return a shell command that waits until Prometheus answers a query with a sample."""
    query = f"curl -sG --data-urlencode 'query={promql}' localhost:9090/api/v1/query"
    return f"until {query} | grep -q '\"value\"'; do sleep 0.1; done\n"


def until_log(unit: str, words: str) -> str:
    """Return a shell command that waits until a unit's log has a text."""
    return f"until journalctl -u {unit} -o cat | grep -q '{words}'; do sleep 0.1; done\n"


UP = until('up{job="pushgateway"} == 1')


CONFIGURED = edit() + RELOAD + UP
LABS, SOME = "prometheus_training_labs_completed_total", "some_metric_total"


PUSHED = (
    f"{PUSH_TRAINING}\n{PUSH_INSTANCE}"
    + until(f'{LABS}{{job="prometheus_training"}}')
    + until(f'{SOME}{{instance="myinstance"}}')
)


REFUSED = (
    "until curl -s localhost:9090/metrics | "
    "grep -q '^prometheus_config_last_reload_successful 0'; do sleep 0.1; done\n"
)


DELETE_INSTANCE = f"{DELETE_TRAINING}/instance/myinstance"


PUSHED_UNSEEN = f"{PUSH_TRAINING}\n{PUSH_INSTANCE}"


READY = "until curl -sfo /dev/null localhost:9091/-/ready; do sleep 0.1; done\n"


SLOW = JOB.replace("honor_labels: true", "honor_labels: true\n    scrape_interval: 1m")


EXPORTED = until(f'{LABS}{{exported_job="prometheus_training"}}')


LABELLED = JOB.replace("['localhost:9091']", "['localhost:9091']\n        labels: {env: lab}")


DROPPING = f"""\
{JOB}    metric_relabel_configs:
      - {{source_labels: [__name__], regex: some_.*, action: drop}}
"""


def until_gone(promql: str) -> str:
    """Return a shell command that waits until Prometheus answers a query without a sample."""
    return until(promql).replace("until ", "while ", 1)


def reloaded_since() -> str:
    """Return a shell command that waits until Prometheus has scraped the Pushgateway without its label env."""
    return RELOAD + until('up{job="pushgateway",env=""} == 1')
