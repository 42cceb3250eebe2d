#!/bin/sh
# Prints the copy of a configuration file at the start line, as base64.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), start_file
# (the path of the copy, in a directory of root's) and longest (the largest size of the copy in bytes).

: "${mark:?}" "${start_file:?}" "${longest:?}"
printf '\n%s\n' "$mark"
head -c "$longest" -- "$start_file" | base64 -w0
echo
