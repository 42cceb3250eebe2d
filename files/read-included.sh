#!/bin/sh
# Reads the files that a configuration includes, as the user that Prometheus runs as.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), path
# (the configuration file; relative patterns start in its directory), service (of Prometheus), patterns (file
# name patterns, one a line), process (its process, or 0) and longest (bytes to read of each file). Needs the functions
# of whose.sh and of a service manager.
# Prints one line for each file: its path and text, both as base64. Prints "cut" after a thousand files; the
# output ends after eight million bytes.

: "${mark:?}" "${path:?}" "${service:?}" "${patterns:?}" "${longest:?}"

# shellcheck disable=SC2016 # the inner sh expands it
reads='
    cd -- "$1" || exit 1
    longest=$2
    most=1000
    while IFS= read -r pattern; do
        # Like Prometheus: expand the pattern, but do not split it at spaces.
        IFS=
        for file in $pattern; do
            [ -f "$file" ] || continue
            most=$((most - 1))
            [ "$most" -ge 0 ] || { echo cut; exit; }
            printf "%s %s\n" "$(printf %s "$file" | base64 -w0)" "$(head -c "$longest" -- "$file" | base64 -w0)"
        done
    done'

printf '\n%s\n' "$mark"
find_writer "$path" || exit 1
find_reader_of "$service" "${process:-0}"
printf '%s\n' "$patterns" |
    as_reader timeout -k 1 10 sh -c "$reads" read-included "${path%/*}/" "$longest" 2>/dev/null |
    head -c 8000000
