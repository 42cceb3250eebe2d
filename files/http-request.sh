#!/bin/sh
# Sends one HTTP request from the host itself, where no connection can be had through SSH.
#
# Takes, as shell variables set before it: mark (a line that nobody else prints), method, url, seconds (the
# time limit, a whole number) and limit (the most bytes of an answer). On standard input, all of it as
# base64: four lines, each base64 again and possibly empty, with the headers (one "Name: value" a line),
# the certificates to trust, the client's certificate and its key (all PEM); and then the body.
# Prints the mark, since what a login shell prints before is no answer; the raw answer as base64, in lines
# that are no work to read; and behind their names what curl says, as base64, and the status it exits with.

: "${mark:?}" "${method:?}" "${url:?}" "${seconds:?}" "${limit:?}"
decoded() { IFS= read -r line && printf '%s' "$line" | base64 -d; }

# Headers may hold a password, a key is one: they go through descriptors. Arguments and variables
# set before this script are there for all to read, files may be left behind.
# -q comes first, or ~/.curlrc adds what it likes: --trace prints the password, --proxy takes it elsewhere.
# --raw leaves a chunked body as it came: whoever parses the answer finds what it announces.
request() {
    timeout -k 1 "$seconds" curl -q --silent --show-error --raw --include --http1.1 --noproxy '*' \
        --globoff --path-as-is --proto =http,https --max-redirs 0 --max-time "$seconds" \
        --request "$method" --header @/dev/fd/6 --data-binary @- \
        ${authorities:+--cacert /dev/fd/7} ${certificate:+--cert /dev/fd/8 --key /dev/fd/9} \
        --url "$url" 6<<HEADERS 7<<AUTHORITIES 8<<CERTIFICATE 9<<KEY
$headers
HEADERS
$authorities
AUTHORITIES
$certificate
CERTIFICATE
$key
KEY
}

# The answer goes past the substitution, straight to standard output: it may be large.
printf '\n%s\n' "$mark"
{
    said=$(
        {
            base64 -d | {
                headers=$(decoded)
                authorities=$(decoded)
                certificate=$(decoded)
                key=$(decoded)
                request 2>&5
                echo "exit $?" >&5
            } | head -c "$limit" | base64 -w 8192 >&4
        } 5>&1
    )
} 4>&1
printf 'said %s\nexit %s\n' "$(printf '%s' "$said" | base64 -w0)" "${said##*exit }"
