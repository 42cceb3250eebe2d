#!/bin/sh
# Reads the files that a configuration includes.
#
# Takes, as shell variables set before it: directory (relative patterns start there), patterns (file
# name patterns, one a line).
# Prints path and text of each file, both as base64, one file a line.

: "${directory:?}" "${patterns:?}"
cd -- "$directory" || exit 1
printf '%s\n' "$patterns" | while IFS= read -r pattern; do
    # The pattern is to be expanded, but not split at its spaces.
    IFS=
    # shellcheck disable=SC2086
    for file in $pattern; do
        [ -f "$file" ] || continue
        printf '%s %s\n' "$(printf '%s' "$file" | base64 -w0)" "$(base64 -w0 "$file")"
    done
done
