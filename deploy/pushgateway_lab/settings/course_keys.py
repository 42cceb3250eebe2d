"""The keys of host data about courses, verify and its report."""

from dataclasses import dataclass

from pushgateway_lab.settings import values
from pushgateway_lab.settings.setting import setting

STAGES = ("prepared", "configured", "pushed", "cleaned")
"""The stages of a host: the tasks Host, 4.2.1, 4.2.2 and 4.2.3 are done, each with all before it."""


@dataclass(frozen=True)
class CourseKeys:
    """The settings whose names start with ``lab_``, and ``report``."""

    lab_look_timeout: float | None = setting(
        None,
        values.seconds,
        "seconds for the look at a host; None: 9, and 0.1 more for each further host of the run",
    )
    lab_budget: float | None = setting(
        None,
        values.seconds,
        "seconds after which verify asks no further host, and reports; None: no limit",
    )
    lab_reset: bool = setting(
        False,
        values.boolean,
        "the previous trainee's work may go: prepare removes it, and reset also jobs in the lab job's place",
    )
    lab_restore: bool = setting(
        False,
        values.boolean,
        "prepare and reset bring back the prometheus.yml that prepare kept at the start line",
    )
    lab_wipe: bool = setting(
        False,
        values.boolean,
        "reset and uninstall delete all groups, not only those of the lab's jobs, or of the toolkit",
    )
    lab_expect: str | None = setting(
        None,
        values.one_of(*STAGES),
        "stage that a host must have reached in verify: prepared, configured, pushed, cleaned",
    )
    lab_tasks: str | None = setting(
        None,
        values.local_file,
        "file on this machine with further tasks (Python, see docs/verify.md)",
    )
    lab_at_boot: bool = setting(
        False,
        values.boolean,
        "both servers have to start at boot: bootstrap and prepare enable the Pushgateway, verify wants both",
    )
    lab_curl_options: tuple[str, ...] = setting(
        (),
        values.curl_options,
        "options of curl in verify's commands, as --cacert /etc/ssl/certs/lab.pem; (): --user and pushgateway_username, --cacert with TLS of this toolkit",
    )
    lab_quote_files: bool = setting(
        False,
        values.boolean,
        "verify shows error messages about a host's files with the text that they quote from the file",
    )
    report: str | None = setting(
        None,
        values.local_file,
        "directory on this machine for verify's report.html, report.json and report.xml",
    )
