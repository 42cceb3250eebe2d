"""The files on a host with which both servers speak TLS and ask for passwords. Only this module knows their paths.

All are in a directory of root's, which the prune uses, too (`pushgateway_lab.pruning.layout`). Pure.
"""

WEB_CONFIG = "/etc/pushgateway-lab/web.yml"
"""The Pushgateway's web configuration file, which its flag ``--web.config.file`` names."""

CERTIFICATE = "/etc/pushgateway-lab/web.crt"
"""The Pushgateway's certificate."""

KEY = "/etc/pushgateway-lab/web.key"
"""The key of that certificate; only the user of the Pushgateway's service may read it."""

SCRAPE_PASSWORD = "/etc/pushgateway-lab/scrape-password"  # noqa: S105 - a path
"""The password with which Prometheus scrapes the Pushgateway; only Prometheus's user may read it."""

SCRAPE_AUTHORITIES = "/etc/pushgateway-lab/scrape-ca.pem"
"""The certificates of the authorities that Prometheus trusts when it scrapes the Pushgateway."""
