"""All settings with their defaults. To change one for all hosts, remove the # from its line.

pyinfra reads this file for inventory files in inventories/. For `pyinfra HOST ...` and @local, give
settings on the command line: --data pushgateway_smoke=always
"""

# address the Pushgateway listens on; an address in its ARGS is kept unless this is set
# pushgateway_listen_address = "127.0.0.1:9091"

# --web.enable-admin-api: lets everybody who reaches the port wipe all groups. A host that has it turned off keeps that until this is set
# pushgateway_admin_api = True

# allow the admin API at an address that others reach, without authentication: everybody there can wipe all groups
# pushgateway_allow_open_admin_api = False

# more Pushgateway flags, without dashes: flag -> value; True for a flag without a value. One that is taken out of here stays on the host
# pushgateway_extra_flags = {}

# restrict the service of the Pushgateway's package, by a drop-in, to what the Pushgateway needs
# pushgateway_harden = False

# restart, or remove, a Pushgateway that holds pushed groups and does not persist them
# pushgateway_allow_data_loss = False

# job_name of the scrape job in Prometheus's configuration
# pushgateway_job_name = "pushgateway"

# targets of that job, HOST:PORT; None: localhost, or its address for a password without TLS, and the Pushgateway's port
# pushgateway_targets = None

# scrape_interval of that job, as 5s or 1m; None: the file's, else Prometheus's default
# pushgateway_scrape_interval = None

# push a test metric and wait until it arrives: auto (after a change that is not proven yet), always, never
# pushgateway_smoke = "auto"

# seconds within which that metric must arrive; None: two of Prometheus's scrape intervals
# pushgateway_smoke_timeout = None

# auto (what is there; else packages where the host has apt, else a release), package, release, existing
# pushgateway_install_method = "auto"

# version of a Pushgateway from a release; None: what is there, else the newest that this toolkit knows
# pushgateway_release_version = None

# URL of the release with {version} and {file}, or a file or folder on this machine; None: upstream's
# pushgateway_release_source = None

# SHA-256 of the archive: architecture -> digest, as amd64, arm64; {}: the one known to this toolkit, else sha256sums.txt's
# pushgateway_release_sha256 = {}

# who downloads the archive: control (this machine, once for all hosts), host (each host, with its curl)
# pushgateway_download = "control"

# proxy for the archive; None: the one of the environment, as https_proxy, of the machine that downloads it
# pushgateway_release_proxy = None

# seconds to download the archive
# pushgateway_release_timeout = 600.0

# version of Debian's package, as 1.5.1-1; it is held, so apt keeps it; None: what is there, else apt's newest
# pushgateway_package_version = None

# seconds to wait while another program uses apt, as the automatic updates of a new VM
# pushgateway_apt_timeout = 300.0

# the Pushgateway's systemd unit; None: the unit of Debian's package
# pushgateway_unit = None

# URL of the Pushgateway, as seen on the host; None: the address it listens on, with https if pushgateway_tls_... turns TLS on
# pushgateway_url = None

# user name for the Pushgateway's basic authentication
# pushgateway_username = None

# file on this machine with that user's password; {host} in it is the host's name (docs/secrets.md)
# pushgateway_password_file = None

# users whom the Pushgateway asks for a password: name -> file on this machine, or another place (docs/secrets.md)
# pushgateway_basic_auth_users = {}

# the Pushgateway speaks TLS, with a certificate of a private authority that this machine keeps
# pushgateway_tls_lab_ca = False

# the Pushgateway speaks TLS: file on this machine with its certificate (PEM), which is sent to the host
# pushgateway_tls_cert_file = None

# file on this machine with the key of that certificate (PEM)
# pushgateway_tls_key_file = None

# the Pushgateway speaks TLS: file on the host with its certificate (PEM), which somebody else renews
# pushgateway_tls_host_cert_file = None

# file on the host with the key of that certificate (PEM)
# pushgateway_tls_host_key_file = None

# file on this machine with authorities (PEM): the Pushgateway wants a client certificate of one of them
# pushgateway_tls_client_ca_file = None

# oldest version of TLS that the Pushgateway accepts: TLS12 or TLS13; None: its own default
# pushgateway_tls_min_version = None

# the Pushgateway offers HTTP/2 where it speaks TLS
# pushgateway_http2 = True

# instead: a command on this machine that prints that password, as 'pass show lab/{host}'; no shell runs it
# pushgateway_password_command = None

# instead: an environment variable of pyinfra with that password, as PUSHGATEWAY_PASSWORD_{host}
# pushgateway_password_environment = None

# the Pushgateway asks pushgateway_username for a password, generated once for each host and kept on this machine
# pushgateway_generate_password = False

# file on this machine with the certificates (PEM) to trust for an https URL
# pushgateway_ca_file = None

# file on this machine with the client certificate (PEM) for an https URL
# pushgateway_cert_file = None

# file on this machine with the certificate's key (PEM); None: it is in the same file
# pushgateway_key_file = None

# the host deletes groups whose last push is longer ago than this, as 24h; None: never
# pushgateway_prune_after = None

# label matchers, as 'job="backup"'; groups that match one of them are never deleted
# pushgateway_prune_keep = ()

# each prune pushes its result, as job pushgateway_lab_prune
# pushgateway_prune_report = False

# Prometheus's configuration file, into which the job is merged
# prometheus_config_path = "/etc/prometheus/prometheus.yml"

# the same for Prometheus
# prometheus_install_method = "auto"

# the same for Prometheus
# prometheus_release_version = None

# the same for Prometheus
# prometheus_release_source = None

# the same for Prometheus
# prometheus_release_sha256 = {}

# the same for Prometheus
# prometheus_download = "control"

# the same for Prometheus
# prometheus_release_proxy = None

# the same for Prometheus
# prometheus_release_timeout = 600.0

# the same for Prometheus
# prometheus_package_version = None

# restrict the service of Prometheus's package, by a drop-in; this restarts Prometheus
# prometheus_harden = False

# address that a Prometheus which this toolkit installed listens on, with the port of prometheus_url; None: as it is
# prometheus_listen_address = None

# Prometheus's systemd unit; None: the unit of Debian's package
# prometheus_unit = None

# URL of Prometheus, as seen on the host
# prometheus_url = "http://127.0.0.1:9090"

# user name for Prometheus's basic authentication
# prometheus_username = None

# file on this machine with that user's password
# prometheus_password_file = None

# file on this machine with the certificates (PEM) to trust for an https URL
# prometheus_ca_file = None

# seconds to wait for a Prometheus that starts: it may read its write-ahead log for minutes
# prometheus_start_timeout = 600.0

# seconds within which Prometheus must load or refuse a configuration
# prometheus_reload_timeout = 30.0

# seconds for the look at a host; None: 9, and 0.1 more for each further host of the run
# lab_look_timeout = None

# seconds after which verify asks no further host, and reports; None: no limit
# lab_budget = None

# the previous trainee's work may go: prepare removes it, and reset also jobs in the lab job's place
# lab_reset = False

# prepare and reset bring back the prometheus.yml that prepare kept at the start line
# lab_restore = False

# reset and uninstall delete all groups, not only those of the lab's jobs, or of the toolkit
# lab_wipe = False

# stage that a host must have reached in verify: prepared, configured, pushed, cleaned
# lab_expect = None

# file on this machine with further tasks (Python, see docs/verify.md)
# lab_tasks = None

# both servers have to start at boot: bootstrap and prepare enable the Pushgateway, verify wants both
# lab_at_boot = False

# options of curl in verify's commands, as --cacert /etc/ssl/certs/lab.pem; (): --user and pushgateway_username, --cacert with TLS of this toolkit
# lab_curl_options = ()

# verify shows error messages about a host's files with the text that they quote from the file
# lab_quote_files = False

# directory on this machine for verify's report.html, report.json and report.xml
# report = None
