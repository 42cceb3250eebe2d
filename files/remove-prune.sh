#!/bin/sh
# Stops the prune and removes its units and files, in directories that are root's alone.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the answer),
# service and timer (their names), files (one a line); `enter` of prune-directory.sh, and the functions of a
# service manager. Prints what it left alone, one a line, with control characters escaped.

: "${mark:?}" "${service:?}" "${timer:?}" "${files:?}"
printf '\n%s\n' "$mark"
exec 2>&1
export LC_ALL=C
set -f
timer_disable "$timer"
timer_stop "$timer" "$service"
# By name, without pathname expansion: they are ours and hold no blanks.
for file in $files; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    # In a shell of its own: it changes the directory.
    (enter "${file%/*}" && rm -f -- "${file##*/}") || echo "$file"
done
for directory in /etc/pushgateway-lab /usr/local/lib/pushgateway-lab; do
    [ -e "$directory" ] || [ -L "$directory" ] || continue
    rmdir -- "$directory" 2>/dev/null && continue
    # shellcheck disable=SC2012 # for people; -b escapes what a name may hold
    printf '%s: %s\n' "$directory" "$(ls -Am -b -- "$directory" 2>/dev/null | head -c 1000)"
done
service_drop_ins "$service" "$timer"
timer_forget "$timer" "$service"
exit 0
