#!/bin/sh
# Notes a word in a file for later runs, or deletes the note.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the
# file), word (empty: delete the note). Needs the functions of notes.sh.

: "${mark:?}" "${note:?}"
printf '\n%s\n' "$mark"
umask 022
[ -n "${word:-}" ] || [ -e "$note" ] || exit 0
begin_note "$note"
[ -n "${word:-}" ] || exec rm -f -- "$note"
printf '%s\n' "$word" | write_note "$note"
