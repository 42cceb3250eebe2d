#!/bin/sh
# Functions for Debian's packages. This file is put before the scripts that use them.
# installations/debian.py is its counterpart in the package.

# shellcheck disable=SC2034 # snapshot.sh uses both
packaged_prometheus=/usr/bin/prometheus
# shellcheck disable=SC2034
packaged_config=/etc/prometheus/prometheus.yml # what that program reads without --config.file

# Prints the state of packages for a look: lines "package NAME STATUS VERSION" and "package_want NAME WANT", which has
# "hold" for one that apt must not change.   $@ their names
package_look() {
    dpkg-query -W -f='package ${Package} ${db:Status-Status} ${Version}\npackage_want ${Package} ${db:Status-Want}\n' \
        -- "$@" 2>/dev/null
}

# Prints whether apt has a package promtool: Debian's testing has one, earlier releases have promtool in the
# package of Prometheus.
package_look_for_promtool() {
    if command -v apt-cache >/dev/null; then
        apt-cache show promtool >/dev/null 2>&1 && echo "promtool_package available"
    fi
}

# Prints the configuration files of packages, one a line.   $@ the packages
package_config_files() {
    dpkg-query -W -f='${Conffiles}\n' -- "$@" 2>/dev/null |
        while read -r file _; do [ -z "$file" ] || printf '%s\n' "$file"; done
}
