#!/bin/sh
# Reads the files that a configuration includes, as the user whose Prometheus reads them.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), path (the configuration; relative patterns start in its directory), service (Prometheus's),
# patterns (file name patterns, one a line), longest (the bytes of a file that are read); and the
# functions of whose.sh.
# Prints path and text of each file, both as base64, one file a line; "cut" where there are more than
# a thousand files, or they have more than eight million bytes.

: "${mark:?}" "${path:?}" "${service:?}" "${patterns:?}" "${longest:?}"

# shellcheck disable=SC2016 # a program of its own
reads='
    cd -- "$1" || exit 1
    longest=$2
    most=1000
    while IFS= read -r pattern; do
        # As Prometheus does it: the pattern is expanded, but not split at its spaces.
        IFS=
        for file in $pattern; do
            [ -f "$file" ] || continue
            most=$((most - 1))
            [ "$most" -ge 0 ] || { echo cut; exit; }
            printf "%s %s\n" "$(printf %s "$file" | base64 -w0)" "$(head -c "$longest" -- "$file" | base64 -w0)"
        done
    done'

printf '\n%s\n' "$mark"
follow "$path" || exit 1
# shellcheck disable=SC2154 # real and ways come from whose.sh
decide_writer <<STATS
$(stat_all "${real%/*}/" "$ways")
STATS
find_reader_of "$service"
printf '%s\n' "$patterns" |
    as_reader timeout -k 1 10 sh -c "$reads" read-included "${path%/*}/" "$longest" 2>/dev/null |
    head -c 8000000
