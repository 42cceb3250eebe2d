#!/bin/sh
# Lets a service start again that was held while its package was being installed.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), service (its name); and the functions of a service manager.

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
service_release "$service" 2>&1
