#!/bin/sh
# Functions that read secrets from standard input, and ask Prometheus with them. This file is put before the scripts
# that use it. formats/secret_lines.py in the package writes these lines.
#
# A secret is in no argument, environment or file: printf is a part of the shell, and no program that has arguments.

# A variable that is in the environment would be passed on to programs.
unset secret secrets_compared prometheus_login prometheus_authorities
secrets_compared=
prometheus_login=
prometheus_authorities=

# Reads lines "NAME VALUE" from standard input until the line "end", and leaves there what follows. Sets
# secrets_compared (lines "PATH BASE64", each between newlines), prometheus_login (USER:PASSWORD as base64) and
# prometheus_authorities (certificates in PEM); and digest and expected (of the text that a script writes), if they are there.
# shellcheck disable=SC2034 # the callers use them
read_secrets() {
    while IFS= read -r secret; do
        case $secret in
        end) break ;;
        "compare "*)
            secrets_compared="$secrets_compared
${secret#compare }
"
            ;;
        "digest "*) digest=${secret#* } ;;
        "expected "*) expected=${secret#* } ;;
        "prometheus_login "*) prometheus_login=${secret#* } ;;
        "prometheus_authorities "*) prometheus_authorities=$(printf '%s' "${secret#* }" | base64 -d) ;;
        esac
    done
    secret=
}

# Sends requests with curl. -q must come first: otherwise ~/.curlrc could add --trace, which prints a password, or
# --proxy, which sends it elsewhere.   $@ further options and URLs
ask_server() { curl -q --silent --globoff --noproxy '*' --proto =http,https "$@"; }

# Sends requests to Prometheus with its password and certificates. They are for the URLs before the first --next only.
#   $@ further options and URLs
ask_prometheus() {
    [ -z "$prometheus_authorities" ] || set -- --cacert /dev/fd/7 "$@"
    if [ -n "$prometheus_login" ]; then
        printf 'header = "Authorization: Basic %s"\n' "$prometheus_login" | ask_server --config - "$@"
    else
        ask_server "$@"
    fi 7<<AUTHORITIES
$prometheus_authorities
AUTHORITIES
}

# Takes the password of Prometheus away and fails, unless only Prometheus can receive it: over TLS, or on loopback at a
# socket of its service's process.   $1 URL; $2 that process, 0 if there is none
guard_login() {
    [ -n "$prometheus_login" ] || return 0
    case $1 in
    https://*) return 0 ;;
    http://*) ;;
    *) prometheus_login= && return 1 ;;
    esac
    if [ "$2" -gt 0 ] && listens_alone "$2" "$1"; then return 0; fi
    prometheus_login=
    return 1
}

# Succeeds if a URL of plain http is on loopback, and all sockets that can receive a connection to it belong to a
# process. The rules are those of formats/sockets.py; tests/test_secret_lines.py compares both.
#   $1 process; $2 URL, with an address and not a name
listens_alone() {
    holder=$1
    where=${2#http://}
    where=${where%%/*}
    on_port=80
    case $where in
    *]) ;; # an address of IPv6 without a port
    *:*) on_port=${where##*:} && where=${where%:*} ;;
    esac
    case $on_port in "" | *[!0-9]* | 0* | ??????*) return 1 ;; esac
    case $where in
    "[::1]") reached=00000000000000000000000001000000 ;;
    127.*.*.*)
        # The kernel writes each word of 32 bits in the byte order of the machine.
        second=${where#127.}
        third=${second#*.}
        fourth=${third#*.}
        second=${second%%.*}
        third=${third%%.*}
        if ! { is_octet "$second" && is_octet "$third" && is_octet "$fourth"; }; then return 1; fi
        reached=$(printf '%02X%02X%02X7F' "$fourth" "$third" "$second")
        reached="$reached 00000000 0000000000000000FFFF0000$reached 0000000000000000FFFF000000000000"
        ;;
    *) return 1 ;;
    esac
    reached="$reached 00000000000000000000000000000000"
    set --
    for table in /proc/net/tcp /proc/net/tcp6; do
        [ ! -r "$table" ] || set -- "$@" "$table"
    done
    find "/proc/$holder/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null |
        awk -v "port=$(printf '%04X' "$on_port")" -v "reached=$reached" '
            BEGIN { split(reached, list, " "); for (i in list) gets[list[i]] }
            NR == FNR { own[substr($0, 9, length($0) - 9)]; next }
            $4 == "0A" {
                split($2, local, ":")
                if (local[2] == port && local[1] in gets) {
                    if ($10 in own) found = 1
                    else others = 1
                }
            }
            END { exit !(found && !others) }' - "$@" 2>/dev/null
}

is_octet() {
    case $1 in "" | *[!0-9]* | 0?* | ????*) return 1 ;; esac
    [ "$1" -le 255 ]
}
