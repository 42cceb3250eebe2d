#!/bin/sh
# Prints the machine of this host, as uname -m has it.
#
# Needs this shell variable, set before the script: mark (a random line, printed before the answer).

: "${mark:?}"
printf '\n%s\n' "$mark"
uname -m
