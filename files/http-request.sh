#!/bin/sh
# Sends one HTTP request from the host itself, where no connection can be had through SSH.
#
# Takes, as shell variables set before it: method, url, seconds (the time limit), headers (one
# "Name: value" a line); on standard input, the body as base64.
# Prints the raw answer as base64; on standard error, what curl says when it fails.

: "${method:?}" "${url:?}" "${seconds:?}"
# Headers may hold a password: they go through a descriptor, arguments are there for all to read.
# --raw leaves a chunked body as it came: whoever parses the answer finds what it announces.
base64 -d |
    curl --silent --show-error --raw --include --noproxy '*' --globoff --path-as-is \
        --max-time "$seconds" --request "$method" --header @/dev/fd/4 --data-binary @- "$url" \
        4<<HEADERS | base64 -w0
${headers:-}
HEADERS
