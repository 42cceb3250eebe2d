#!/bin/sh
# Tries whether a Pushgateway can persist.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), process (its
# id) and file (its persistence file). Needs the functions of whose.sh and persistence.sh.
# Prints the directory in which it may not write, in base64; nothing if it may.

: "${mark:?}" "${process:?}" "${file:?}"
export LC_ALL=C
printf '\n%s\n' "$mark"
find_unwritable "$process" "$file"
[ -z "$unwritable" ] || printf '%s' "$unwritable" | base64 -w0
