#!/bin/sh
# Installs the files of the prune, enables and starts its timer, and runs it once.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service
# and timer (their names) and files (paths, one a line). Needs the functions of own-files.sh and of a service
# manager. Reads from standard input, as base64, a tar archive of the files under their
# base names.
# Nothing is written unless only root can write in all of the directories. Exits with 1 if the run fails, and prints
# its log.

: "${mark:?}" "${service:?}" "${timer:?}" "${files:?}"
printf '\n%s\n' "$mark"
set -e
exec 2>&1
# Kept in a shell variable, so that no argument list and no file contains the secrets.
archive=$(cat)
umask 022
# No pathname expansion: the list has our own file names, which have no blanks.
set -f
for file in $files; do
    make_and_enter "${file%/*}"
done
# The prune must not start while its files are replaced.
timer_stop "$timer"
for file in $files; do
    enter "${file%/*}"
    put_file "${file##*/}" "$archive" 0
done
timer_enable "$timer"
since=$(date +%s)
timer_run "$service" || {
    service_log_since "$service" "$since" 10 | tail -n 10 | head -c 8000
    exit 1
}
