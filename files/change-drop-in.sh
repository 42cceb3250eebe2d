#!/bin/sh
# Makes a place for the drop-in of a service, removes the drop-in, or reloads the definitions of the service manager.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service (its
# name) and change ("make place", "remove" or "reload"). Needs the functions of a service manager.

: "${mark:?}" "${change:?}" "${service:?}"
printf '\n%s\n' "$mark"
case $change in
"make place") service_make_place_for_drop_in "$service" ;;
remove) service_remove_drop_in "$service" ;;
reload) service_reload_definitions "$service" ;;
esac
