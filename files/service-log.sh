#!/bin/sh
# Prints the last words of a server, from the log of its service; without any, what the service manager says.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service (the name
# of the service) and seconds (how old the words may be). Needs the functions of a service manager.
# A server that is started again and again says the same each time: a line that repeats the one before is left out.

: "${mark:?}" "${service:?}" "${seconds:?}"
printf '\n%s\n' "$mark"
since=$(($(date +%s) - seconds))
words=$(service_words "$service" 20 10 "$since" | uniq | tail -n 5 | head -c 8000)
[ -n "$words" ] || words=$(service_log_of_boot "$service" 5 10 | head -c 8000)
[ -z "$words" ] || printf '%s\n' "$words"
