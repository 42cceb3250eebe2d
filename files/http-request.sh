#!/bin/sh
# Sends one HTTP request from the host itself, where no connection can be had through SSH.
#
# Takes, as shell variables set before it: method, url, seconds (the time limit). On standard input,
# each on a line of its own as base64, possibly empty: the headers (one "Name: value" a line), the
# certificates to trust, the client's certificate, its key (all PEM), and the body.
# Prints the raw answer as base64; on standard error, what curl says when it fails.

: "${method:?}" "${url:?}" "${seconds:?}"
decoded() { IFS= read -r line && printf '%s' "$line" | base64 -d; }
headers=$(decoded)
authorities=$(decoded)
certificate=$(decoded)
key=$(decoded)

# Headers may hold a password, a key is one: they go through descriptors. Arguments and variables
# set before this script are there for all to read, files may be left behind.
# --raw leaves a chunked body as it came: whoever parses the answer finds what it announces.
base64 -d |
    curl --silent --show-error --raw --include --http1.1 --noproxy '*' --globoff --path-as-is \
        --max-time "$seconds" --request "$method" --header @/dev/fd/4 --data-binary @- \
        ${authorities:+--cacert /dev/fd/5} ${certificate:+--cert /dev/fd/6 --key /dev/fd/7} "$url" \
        4<<HEADERS 5<<AUTHORITIES 6<<CERTIFICATE 7<<KEY | base64 -w0
$headers
HEADERS
$authorities
AUTHORITIES
$certificate
CERTIFICATE
$key
KEY
