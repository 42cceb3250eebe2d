#!/bin/sh
# Packages as Debian has them: functions for scripts that begin with this file. In the package,
# installations/debian.py is its counterpart.

# Shows packages for a look: lines "package NAME STATUS VERSION".   $@ their names
package_look() {
    dpkg-query -W -f='package ${Package} ${db:Status-Status} ${Version}\n' -- "$@" 2>/dev/null
}

# Shows whether promtool is to be had as a package of its own: Debian's testing has one, the releases
# before have it in that of Prometheus.
package_look_for_promtool() {
    if ! command -v promtool >/dev/null && command -v apt-cache >/dev/null; then
        apt-cache show promtool >/dev/null 2>&1 && echo "promtool_package available"
    fi
}
