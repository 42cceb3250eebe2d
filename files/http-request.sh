#!/bin/sh
# Sends one HTTP request from the host itself, if no connection is possible through SSH.
#
# Needs these shell variables, set before the script: mark (a random line), method, url, seconds (the time
# limit, a whole number), limit (the largest number of bytes of the answer) and connect_to (where to connect instead, see
# --connect-to of curl, or nothing). Standard input is base64 of: four
# lines, each again base64 and possibly empty, with the headers (one "Name: value" a line), the trusted
# certificates, the client's certificate and its key (all PEM); and then the body.
# Prints the mark, because a login shell may print text before it; the raw answer as base64, in lines of
# limited length; and two lines "said" and "exit" with curl's messages as base64 and its exit status.

: "${mark:?}" "${method:?}" "${url:?}" "${seconds:?}" "${limit:?}"
decoded() { IFS= read -r line && printf '%s' "$line" | base64 -d; }

# Headers may contain a password, and a key is a secret: curl reads them from descriptors. All users can read
# arguments and the variables before this script; files might not be deleted.
# -q must come first: otherwise ~/.curlrc could add --trace, which prints the password, or --proxy, which sends
# it elsewhere. --raw keeps a chunked body unchanged, as the headers announce it.
request() {
    timeout -k 1 "$seconds" curl -q --silent --show-error --raw --include --http1.1 --noproxy '*' \
        --globoff --path-as-is --proto =http,https --max-redirs 0 --max-time "$seconds" \
        --request "$method" --header @/dev/fd/6 --data-binary @- \
        ${connect_to:+--connect-to "$connect_to"} ${authorities:+--cacert /dev/fd/7} ${certificate:+--cert /dev/fd/8 --key /dev/fd/9} \
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

# The answer bypasses the substitution and goes to standard output, because it may be large.
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
