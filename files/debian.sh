#!/bin/sh
# Functions for Debian's packages. This file is put before the scripts that use them.
# installations/debian.py is its counterpart in the package.

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
