"""Commands that trainees type on a prepared host, right and wrong ones, and the findings of verify."""

from expectations import CONFIG, DEFAULTS
from trainee import (
    CONFIGURATION_CHECKS,
    DELETE_CHECKS,
    HOST_CHECKS,
    PUSH_CHECKS,
    Check,
    Trainee,
    all_are,
)
from trainee_commands import (
    CONFIGURED,
    DELETE_TRAINING,
    JOB,
    LABS,
    PUSH_INSTANCE,
    PUSH_TRAINING,
    PUSHED,
    REFUSED,
    RELOAD,
    SOME,
    UP,
    WIPE,
    edit,
    until,
    until_log,
)

FIRST = {
    "right and cleaned": Trainee(
        CONFIGURED
        + PUSHED
        + f"{DELETE_TRAINING}\ncurl -X DELETE "
        + "http://localhost:9091/metrics/job/prometheus_training/instance/myinstance\n",
        "cleaned",
        all_are("done", f"{HOST_CHECKS} {CONFIGURATION_CHECKS} {PUSH_CHECKS} {DELETE_CHECKS}"),
    ),
    "pushed": Trainee(
        CONFIGURED + PUSHED,
        "pushed",
        [
            *all_are("done", f"{CONFIGURATION_CHECKS} {PUSH_CHECKS}"),
            *all_are("open", DELETE_CHECKS),
        ],
    ),
    "not reloaded": Trainee(
        edit(),
        "prepared",
        [
            *all_are("done", "job honor_labels accepted"),
            Check("loaded", "wrong", "edited but not reloaded", "sudo systemctl reload prometheus"),
            Check("target_up", "open"),
        ],
    ),
    "refused": Trainee(
        edit(JOB.replace("honor_labels", "honor_label")) + RELOAD + REFUSED,
        "prepared",
        [
            Check("accepted", "wrong", "field … not found in type config.ScrapeConfig", "sudoedit"),
            Check("loaded", "wrong", "field … not found in type config.ScrapeConfig", "sudoedit"),
            Check("loaded", "wrong", "line "),
        ],
    ),
    "no honor_labels": Trainee(
        edit(JOB.replace("    honor_labels: true\n", ""))
        + RELOAD
        + UP
        + f"{PUSH_TRAINING}\n{PUSH_INSTANCE}"
        + until(f'{LABS}{{exported_job="prometheus_training"}}')
        + until(f'{SOME}{{exported_instance="myinstance"}}'),
        "prepared",
        [
            Check("honor_labels", "wrong", "no honor_labels: true", "sudoedit"),
            *all_are("done", "job loaded target_up labs_completed_pushed some_metric_pushed"),
            Check("labs_completed_seen", "wrong", "exported_job"),
            Check("some_metric_seen", "wrong", "exported_instance"),
        ],
    ),
    "wrong port": Trainee(
        edit(JOB.replace("9091", "9092")) + RELOAD + until('up{job="pushgateway"} == 0'),
        "prepared",
        [
            *all_are("done", "job honor_labels loaded"),
            Check("target_up", "wrong", "http://localhost:9092/metrics", "sudoedit"),
            Check("target_up", "wrong", "connection refused"),
            Check("default_metrics", "open"),
        ],
    ),
    "other job name pushed": Trainee(
        CONFIGURED
        + PUSH_TRAINING.replace("job/prometheus_training", "job/prometheus_trainings")
        + "\n"
        + until(f'{LABS}{{job="prometheus_trainings"}}'),
        "configured",
        [
            Check(
                "labs_completed_pushed",
                "wrong",
                "the label job is 'prometheus_trainings' and not 'prometheus_training'",
                "curl -X DELETE 'http://localhost:9091/metrics/job/prometheus_trainings'",
            ),
            Check("labs_completed_pushed", "wrong", "", PUSH_TRAINING),
            Check("some_metric_pushed", "open", "has not seen it since the course began"),
        ],
    ),
    "other value, no type": Trainee(
        CONFIGURED
        + PUSH_TRAINING.replace(" 4", " 5")
        + "\n"
        + PUSH_INSTANCE.replace("# TYPE some_metric_total counter\n", "")
        + until(f"{LABS} == 5")
        + until(SOME),
        "configured",
        [
            Check("labs_completed_pushed", "wrong", "the value 5, not 4", PUSH_TRAINING),
            Check("some_metric_pushed", "wrong", "'# TYPE some_metric_total counter'", "DELETE"),
        ],
    ),
    "one of two deleted": Trainee(
        CONFIGURED + PUSHED + DELETE_TRAINING + "\n",
        "pushed",
        [
            Check("labs_completed_deleted", "done", "was there, and is deleted"),
            Check(
                "some_metric_deleted",
                "wrong",
                "is still there",
                "metrics/job/prometheus_training/instance/myinstance",
            ),
        ],
    ),
    "Pushgateway stopped": Trainee(
        CONFIGURED
        + "systemctl stop prometheus-pushgateway\n"
        + until('up{job="pushgateway"} == 0'),
        None,
        [
            Check(
                "pushgateway", "wrong", "inactive", "systemctl enable --now prometheus-pushgateway"
            ),
            Check("target_up", "wrong", "connection refused", "sudo systemctl start"),
            *all_are("unknown", "admin_api labs_completed_pushed labs_completed_deleted"),
        ],
    ),
}


SECOND = {
    "nothing": Trainee(
        "true",
        "prepared",
        [
            *all_are("done", HOST_CHECKS),
            Check("job", "open", "has no job 'pushgateway' yet", "sudoedit"),
            *all_are("open", f"loaded target_up {PUSH_CHECKS} {DELETE_CHECKS}"),
        ],
    ),
    "push refused": Trainee(
        CONFIGURED
        + "echo 'some_metric_total 1' | "
        + "curl --data-binary @- http://localhost:9091/metrics/job/other\n"
        + PUSH_INSTANCE,
        "configured",
        [
            Check(
                "some_metric_pushed",
                "wrong",
                'was refused. {job="other"} holds some_metric_total as untyped',
                "curl -X DELETE 'http://localhost:9091/metrics/job/other'",
            )
        ],
    ),
    "job misnamed": Trainee(
        edit(JOB.replace("pushgateway", "push_gateway"))
        + RELOAD
        + until('up{job="push_gateway"} == 1'),
        "prepared",
        [Check("job", "wrong", "as job 'push_gateway' (line ", "sudoedit")],
    ),
    "wiped": Trainee(
        CONFIGURED
        + PUSHED
        + WIPE
        + "\n"
        + until('pushgateway_http_requests_total{handler="wipe",code="202"}'),
        "cleaned",
        [
            Check("labs_completed_deleted", "done", "all groups were wiped"),
            Check("some_metric_deleted", "done", "all groups were wiped"),
        ],
    ),
    "Prometheus stopped": Trainee(
        "systemctl stop prometheus\n",
        None,
        [
            Check("prometheus", "wrong", "inactive", "systemctl enable --now prometheus"),
            Check("pushgateway", "done"),
            *all_are("unknown", "loaded labs_completed_seen"),
        ],
    ),
    "broken and restarted": Trainee(
        edit("  - job_name: [\n")
        + "systemctl restart prometheus\n"
        + until_log("prometheus", "yaml: line"),
        None,
        [
            Check("prometheus", "wrong", "promtool rejects"),
            Check("job", "wrong", "line ", "sudoedit"),
            Check("accepted", "wrong", "yaml: line ", "sudoedit"),
        ],
        by_hand="/job_name: \\[/d",
        rests=False,
    ),
    "broken and reloaded": Trainee(
        edit(JOB.replace("    honor", "\thonor")) + RELOAD + REFUSED,
        "prepared",
        [
            Check("job", "wrong", "line ", "sudoedit"),
            Check("accepted", "wrong", "yaml: line ", "sudoedit"),
            Check("loaded", "wrong", "yaml: line ", "sudoedit"),
        ],
        by_hand="s/\\t/    /",
    ),
    "admin API off": Trainee(
        CONFIGURED
        + f"sed -i 's/--web.enable-admin-api//' {DEFAULTS}\n"
        + "systemctl restart prometheus-pushgateway\n"
        + f"until {PUSH_TRAINING}; do sleep 0.1; done\n"
        + until(LABS)
        + f"{WIPE}\n",
        None,
        [
            Check("admin_api", "wrong", "a wipe answers 404", "--web.enable-admin-api"),
            Check("labs_completed_deleted", "open", "A wipe would answer 404"),
        ],
        by_hand='s/ARGS="/&--web.enable-admin-api /',
    ),
    "admin API put back, not restarted": Trainee(
        f"sed -i 's/--web.enable-admin-api//' {DEFAULTS}\n"
        "systemctl restart prometheus-pushgateway\n"
        f"sed -i 's/ARGS=\"/&--web.enable-admin-api /' {DEFAULTS}\n"
        "until curl -sfo /dev/null localhost:9091/-/ready; do sleep 0.1; done\n",
        None,
        [Check("admin_api", "wrong", "not restarted", "sudo systemctl restart")],
    ),
}


THIRD = {
    "Prometheus hangs": Trainee(
        "kill -STOP $(pidof prometheus)\n",
        None,
        [
            Check("prometheus", "wrong", "does not answer", "sudo systemctl restart prometheus"),
            *all_are("done", "pushgateway admin_api"),
            *all_are("unknown", "loaded labs_completed_pushed labs_completed_seen"),
        ],
    ),
    "behind a proxy": Trainee(
        f"sed -i 's|ARGS=\"|&--web.external-url=http://vm/push/ |' {DEFAULTS}\n"
        "systemctl restart prometheus-pushgateway\n"
        "until curl -sfo /dev/null localhost:9091/push/-/ready; do sleep 0.1; done\n",
        "prepared",
        [
            *all_are("done", HOST_CHECKS),
            Check("labs_completed_pushed", "open", "", "localhost:9091/push/metrics/job/"),
        ],
    ),
    "labels in the body": Trainee(
        CONFIGURED
        + "printf '# TYPE some_metric_total counter\\n"
        + 'some_metric_total{job="prometheus_training",instance="myinstance"} 42\\n\' | '
        + "curl --data-binary @- http://localhost:9091/metrics/job/prometheus_training\n"
        + until(f'{SOME}{{instance="myinstance"}}'),
        "configured",
        [
            *all_are("done", "some_metric_pushed some_metric_seen"),
            Check(
                "some_metric_deleted", "open", "is still there", "metrics/job/prometheus_training'"
            ),
        ],
    ),
    "scrapes Prometheus": Trainee(
        edit(JOB.replace("9091", "9090")) + RELOAD + UP,
        "prepared",
        [
            *all_are("done", "job honor_labels loaded target_up"),
            Check("default_metrics", "wrong", "http://localhost:9090/metrics is another program"),
        ],
    ),
    "not readable": Trainee(
        f"{edit()}chmod 600 {CONFIG}\n{RELOAD}{REFUSED}",
        "prepared",
        [
            Check("job", "wrong", "by the user that Prometheus runs as", "sudo chmod g+r"),
            Check("accepted", "wrong", "by the user that Prometheus runs as", "sudo chmod g+r"),
            Check("loaded", "wrong", "Prometheus may not read", "sudo chmod g+r"),
            Check("loaded", "wrong", "permission denied"),
        ],
    ),
    "flags misspelt, restarted": Trainee(
        f"sed -i 's|ARGS=\"|&--web.listen-adress=:9091 |' {DEFAULTS}\n"
        "systemctl restart prometheus-pushgateway\n"
        + until_log("prometheus-pushgateway", "unknown long flag"),
        None,
        [
            Check("pushgateway", "wrong", "does not stay up", "sudoedit"),
            Check("pushgateway", "wrong", "unknown long flag '--web.listen-adress'"),
        ],
        by_hand="s/--web.listen-adress=:9091 //",
        rests=False,
    ),
}
