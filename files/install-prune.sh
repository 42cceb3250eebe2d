#!/bin/sh
# Puts the files of the prune in place and has its timer run.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the answer),
# timer (its name), files (their paths, one a line); `enter` of prune-directory.sh, and the functions of a
# service manager. On standard input: a tar archive of the files by their last names, as base64.
# Nothing is written unless each of the directories is root's alone.

: "${mark:?}" "${timer:?}" "${files:?}"
printf '\n%s\n' "$mark"
set -e
exec 2>&1
# In a variable, and printed by the shell itself: no process shows it, no file holds it.
archive=$(cat)
umask 022
# By name, without pathname expansion: they are ours and hold no blanks.
set -f
for file in $files; do
    directory=${file%/*}
    [ -e "$directory" ] || [ -L "$directory" ] || mkdir -p -- "$directory"
    enter "$directory"
done
# Nothing is to start it while its files are being replaced.
timer_stop "$timer"
for file in $files; do
    enter "${file%/*}"
    # tar removes what has the name and makes the file anew: it writes through no symbolic link.
    printf '%s' "$archive" | base64 -d | tar -x -p -m --numeric-owner -f - -- "${file##*/}"
done
timer_enable "$timer"
