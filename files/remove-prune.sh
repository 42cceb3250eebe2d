#!/bin/sh
# Stops the prune, and deletes its units and files in directories in which only root can write.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service
# and timer (their names) and files (paths, one a line). Needs the function enter of prune-directory.sh, and the
# functions of a service manager.
# Prints each file and directory that it did not delete, one a line, with control characters escaped.

: "${mark:?}" "${service:?}" "${timer:?}" "${files:?}"
printf '\n%s\n' "$mark"
exec 2>&1
export LC_ALL=C
set -f
timer_disable "$timer"
timer_stop "$timer" "$service"
# No pathname expansion: the list has our own file names, which have no blanks.
for file in $files; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    # A subshell, because enter changes the directory.
    (enter "${file%/*}" && rm -f -- "${file##*/}") || echo "$file"
done
for directory in /etc/pushgateway-lab /usr/local/lib/pushgateway-lab; do
    [ -e "$directory" ] || [ -L "$directory" ] || continue
    rmdir -- "$directory" 2>/dev/null && continue
    # shellcheck disable=SC2012 # for people; -b escapes control characters in names
    printf '%s: %s\n' "$directory" "$(ls -Am -b -- "$directory" 2>/dev/null | head -c 1000)"
done
service_drop_ins "$service" "$timer"
timer_forget "$timer" "$service"
exit 0
