"""Trainees whose work was undone later: deleted, lost, taken out of the file, or seen by another server."""

from expectations import CONFIG
from trainee import (
    DELETE_CHECKS,
    PUSH_CHECKS,
    Check,
    Trainee,
    all_are,
)
from trainee_commands import (
    CONFIGURED,
    DELETE_INSTANCE,
    DELETE_TRAINING,
    DROPPING,
    EXPORTED,
    JOB,
    LABELLED,
    LABS,
    PUSH_INSTANCE,
    PUSH_TRAINING,
    PUSHED,
    PUSHED_UNSEEN,
    READY,
    RELOAD,
    SLOW,
    UP,
    edit,
    reloaded_since,
    until,
    until_gone,
)

HISTORIES = {
    "another Pushgateway": Trainee(
        "systemd-run -q prometheus-pushgateway --web.listen-address=127.0.0.1:9191 "
        "--persistence.file=/run/other\n"
        + READY.replace("9091", "9191")
        + edit(JOB.replace("9091", "9191"))
        + RELOAD
        + UP
        + PUSHED.replace("9091", "9191"),
        "prepared",
        [
            *all_are("done", "job honor_labels loaded default_metrics"),
            Check("target_up", "wrong", "that is another Pushgateway", "sudoedit"),
            Check("target_up", "wrong", "The one of this host is at localhost:9091."),
            *all_are("open", f"{PUSH_CHECKS} {DELETE_CHECKS}"),
            Check("labs_completed_pushed", "open", "never pushed", PUSH_TRAINING),
        ],
    ),
    "killed": Trainee(
        CONFIGURED
        + PUSHED
        + "systemctl kill -s KILL prometheus-pushgateway; rm -f /var/lib/prometheus/pushgateway.data\n"
        + "sleep 0.5; systemctl start prometheus-pushgateway\n"
        + READY,
        "pushed",
        [
            *all_are("done", PUSH_CHECKS),
            *all_are("open", DELETE_CHECKS),
            Check("labs_completed_deleted", "open", "restarted", PUSH_TRAINING),
            Check("some_metric_deleted", "open", "no deletion was counted"),
        ],
    ),
    "taken out, not reloaded": Trainee(
        edit(DROPPING) + RELOAD + UP + f"sed -i '/metric_relabel_configs/,+1d' {CONFIG}\n",
        "prepared",
        [
            Check("accepted", "done"),
            Check("loaded", "wrong", "an older form of the job (metric_relabel_configs)", "reload"),
        ],
    ),
    "another file": Trainee(
        f"cp -p {CONFIG} /etc/prometheus/my.yml\n"
        "sed -i 's|^ARGS=.*|ARGS=\"--config.file /etc/prometheus/my.yml\"|' /etc/default/prometheus\n"
        + edit().replace(CONFIG, "/etc/prometheus/my.yml")
        + "systemctl restart prometheus\n"
        + UP,
        "configured",
        [
            Check("job", "done", "The job pushgateway is in /etc/prometheus/my.yml, line "),
            Check("job", "done", f"(its flag --config.file, or its default), and not {CONFIG}."),
            *all_are("done", "honor_labels accepted loaded target_up default_metrics"),
        ],
    ),
    "labels removed": Trainee(
        edit(LABELLED)
        + RELOAD
        + UP
        + PUSHED
        + f"{DELETE_TRAINING}\n{DELETE_INSTANCE}\n"
        + f"sed -i '/env: lab/d' {CONFIG}\n"
        + reloaded_since(),
        "cleaned",
        all_are("done", f"{PUSH_CHECKS} {DELETE_CHECKS}"),
    ),
    "deleted before a scrape": Trainee(
        edit(SLOW)
        + RELOAD
        + f"{PUSHED_UNSEEN}{DELETE_TRAINING}\n{DELETE_INSTANCE}\n"
        + "echo -n some_metric_total 42 | curl --data-binary @- localhost:9091/metrics/job/x\n"
        + UP,
        "configured",
        [
            Check(
                "labs_completed_pushed",
                "open",
                "If you deleted it before a scrape, push it again and wait 60 s",
                PUSH_TRAINING,
            ),
            Check("some_metric_pushed", "open", "1 push was refused since the Pushgateway started"),
            *all_are("open", DELETE_CHECKS),
        ],
    ),
    "no honor_labels, deleted, mended": Trainee(
        edit(JOB.replace("    honor_labels: true\n", ""))
        + RELOAD
        + UP
        + f"{PUSH_TRAINING}\n{EXPORTED}{DELETE_TRAINING}\n"
        + until_gone(f'{LABS}{{exported_job="prometheus_training"}}')
        + f"sed -i 's/job_name: pushgateway/&\\n    honor_labels: true/' {CONFIG}\n{RELOAD}",
        "configured",
        [
            Check("labs_completed_pushed", "done", "earlier"),
            Check("labs_completed_seen", "open", "push it again"),
            Check("labs_completed_deleted", "done", "was there, and is deleted"),
        ],
    ),
    "wrong value, deleted; suffix forgotten": Trainee(
        CONFIGURED
        + PUSH_TRAINING.replace(" 4", " 3")
        + f"\n{PUSH_INSTANCE.replace('some_metric_total', 'some_metric')}"
        + until(f"{LABS} == 3")
        + f"{DELETE_TRAINING}\n",
        "configured",
        [
            Check("labs_completed_pushed", "wrong", "with the value 3, not 4", PUSH_TRAINING),
            Check("some_metric_pushed", "wrong", "holds some_metric; the task asks for", "DELETE"),
        ],
    ),
}
