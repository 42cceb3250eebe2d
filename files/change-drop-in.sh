#!/bin/sh
# Makes a place for a drop-in of a service, removes one, or reloads the definitions of the service manager.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service (its
# name), change ("make place", "remove" or "reload") and, to remove one, drop_in (its name). Needs the functions of a
# service manager.

: "${mark:?}" "${change:?}" "${service:?}"
printf '\n%s\n' "$mark"
case $change in
"make place") service_make_place_for_drop_in "$service" ;;
remove) service_remove_drop_in "$service" "${drop_in:?}" ;;
reload) service_reload_definitions "$service" ;;
esac
