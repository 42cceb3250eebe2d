#!/bin/sh
# Notes a word in a file for later runs, or deletes the note.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the
# file), word (empty: delete the note). Needs the functions of whose.sh and of close-directory.sh.

: "${mark:?}" "${note:?}"
printf '\n%s\n' "$mark"
umask 022
is_root_s_alone "$note" || {
    echo "${note%/*} does not belong to root alone"
    exit 1
}
[ -n "${word:-}" ] || exec rm -f -- "$note"
mkdir -p -- "${note%/*}" &&
    printf '%s\n' "$word" >"$note.new" &&
    mv -f -- "$note.new" "$note"
