#!/bin/sh
# Prints the versions of a package that apt can install, one a line, the newest first.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and package.

: "${mark:?}" "${package:?}"
printf '\n%s\n' "$mark"
LC_ALL=C apt-cache madison -- "$package" 2>/dev/null | awk -F ' *[|] *' '!($2 in seen) { seen[$2]; print $2 }' | head -n 100
