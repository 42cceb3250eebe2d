"""Every setting with its default. Take the # away from a line to change it for all hosts.

Read for inventory files in this folder's parent; for `pyinfra HOST ...` and @local, give settings
on the command line: --data pushgateway_smoke=always
"""

# where the Pushgateway listens; an address already in its ARGS is kept unless this is set
# pushgateway_listen_address = "127.0.0.1:9091"

# --web.enable-admin-api: lets everybody who reaches the port wipe all groups
# pushgateway_admin_api = True

# more Pushgateway flags, without dashes: flag -> value, or True for one that takes none
# pushgateway_extra_flags = {}

# restart a Pushgateway that holds pushed groups and does not persist them
# pushgateway_allow_data_loss = False

# job_name of the scrape job in Prometheus's configuration
# pushgateway_job_name = "pushgateway"

# targets of that job, HOST:PORT; None: localhost and the port the Pushgateway listens on
# pushgateway_targets = None

# scrape_interval of that job, as 5s or 1m; None: left to the file, else Prometheus's own
# pushgateway_scrape_interval = None

# push a metric and see it arrive: auto (when this run changed something), always, never
# pushgateway_smoke = "auto"

# seconds until that metric must have arrived; None: two of Prometheus's scrape intervals
# pushgateway_smoke_timeout = None

# seconds to wait for another program, as a new VM's own updates, to let go of apt
# pushgateway_apt_timeout = 300.0

# the Pushgateway's systemd unit; None: that of Debian's package
# pushgateway_unit = None

# where the Pushgateway answers, as seen on the host; None: http, where it listens
# pushgateway_url = None

# user name for the Pushgateway's basic authentication
# pushgateway_username = None

# file on this machine that holds that user's password
# pushgateway_password_file = None

# file on this machine: certificates (PEM) to trust for an https URL
# pushgateway_ca_file = None

# file on this machine: client certificate (PEM) for an https URL
# pushgateway_cert_file = None

# file on this machine: its key (PEM); None: it is in the same file
# pushgateway_key_file = None

# have the host delete groups whose last push is longer ago than this, as 24h; None: never
# pushgateway_prune_after = None

# label matchers of groups to keep whatever their age, as 'job="backup"'; one is enough
# pushgateway_prune_keep = ()

# have each prune push what it did, as job pushgateway_lab_prune
# pushgateway_prune_report = False

# the configuration file the job is merged into
# prometheus_config_path = "/etc/prometheus/prometheus.yml"

# Prometheus's systemd unit; None: that of Debian's package
# prometheus_unit = None

# where Prometheus answers, as seen from the host itself
# prometheus_url = "http://127.0.0.1:9090"

# seconds until Prometheus must have taken, or refused, a configuration
# prometheus_reload_timeout = 30.0

# seconds for a look at a host; None: 9, and 0.1 more for each further host of the run
# lab_look_timeout = None

# seconds after which verify reports what it has seen until then; None: when all was seen
# lab_budget = None

# have prepare remove the scrape job and the groups of somebody who worked here before
# lab_reset = False

# have reset delete all groups, not only those of the lab's jobs
# lab_wipe = False

# the stage at which verify expects a host, or beyond: prepared, configured, pushed, cleaned
# lab_expect = None

# file on this machine with further tasks (Python, see docs/verify.md)
# lab_tasks = None

# have verify quote a host's files word for word where a program cannot read them
# lab_quote_files = False

# directory on this machine where verify writes report.html, report.json and report.xml
# report = None
