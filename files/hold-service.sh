#!/bin/sh
# Prevents a service from starting while its package is installed.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and
# service (the name of the service). Needs the functions of a service manager. Reads from standard input, as
# base64, the file that the manager needs for this (pushgateway-hold.conf).

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
base64 -d | service_hold "$service" 2>&1
