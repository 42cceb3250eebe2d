#!/bin/sh
# Prints the end of the log of a service.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), service (its name); and the functions of a service manager.

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
service_log_of_boot "$service" 5 10 | head -c 8000
