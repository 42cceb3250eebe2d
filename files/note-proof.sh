#!/bin/sh
# Notes what a proof proved, or deletes the note.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the
# file), proven (a word; empty: delete the note).

: "${mark:?}" "${note:?}"
printf '\n%s\n' "$mark"
[ -n "${proven:-}" ] || exec rm -f -- "$note"
mkdir -p -- "${note%/*}" &&
    printf '%s\n' "$proven" >"$note.new" &&
    mv -f -- "$note.new" "$note"
