#!/bin/sh
# Stops the prune and removes its units and files, in directories that are root's alone.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the answer),
# service and timer (its units), files (one a line); and `enter` of prune-directory.sh. Prints what it left alone, one a line, with control characters escaped.

: "${mark:?}" "${service:?}" "${timer:?}" "${files:?}"
printf '\n%s\n' "$mark"
exec 2>&1
export LC_ALL=C
set -f
systemctl disable --quiet --now "$timer" 2>/dev/null
systemctl stop "$service" 2>/dev/null
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
for directory in "/etc/systemd/system/$service.d" "/etc/systemd/system/$timer.d"; do
    [ -e "$directory" ] && echo "$directory"
done
systemctl daemon-reload
# Otherwise a run that failed would be remembered.
systemctl reset-failed "$service" 2>/dev/null
exit 0
