#!/bin/sh
# A function that reads the flags of a running Prometheus or Pushgateway. This file is put before the scripts that
# use it. installations/address.py has the same rules for the URL; tests/test_installations.py compares both.

# Sets, from the command line of a process: flag_config, flag_telemetry, flag_storage (the values of these flags; empty
# without the flag), flag_persistence, flag_address (the first listen address) and flag_prefix (the path of its URL, with
# a slash before it; empty if there is none). Starts no program if the command line has none of these flags.
#   $1 process id or 0; $2 the persistence file without the flag
# shellcheck disable=SC2034 # the callers use them
read_flags() {
    flag_config=
    flag_persistence=${2:-}
    flag_telemetry=
    flag_storage=
    flag_address=
    flag_prefix=
    [ "$1" -gt 0 ] || return 0
    words=
    # The shell leaves out the NUL bytes between the words.
    { IFS= read -r words || :; } 2>/dev/null <"/proc/$1/cmdline"
    case $words in
    *--config.file* | *--web.* | *--persistence.file* | *--storage.*) ;;
    *) return 0 ;;
    esac
    external=
    flag=
    while IFS= read -r word; do
        case $flag$word in
        --config.file | --persistence.file | --web.listen-address | --web.route-prefix | --web.external-url | \
            --web.telemetry-path | --storage.tsdb.path | --storage.agent.path)
            flag=$word= && continue
            ;;
        --config.file=?*) value=$flag$word && flag_config=${value#*=} ;;
        --persistence.file=*) value=$flag$word && flag_persistence=${value#*=} ;;
        --web.listen-address=*) value=$flag$word && flag_address=${flag_address:-${value#*=}} ;;
        --web.route-prefix=*) value=$flag$word && flag_prefix=${value#*=} ;;
        --web.external-url=*) value=$flag$word && external=${value#*://} ;;
        --storage.tsdb.path=* | --storage.agent.path=*) value=$flag$word && flag_storage=${value#*=} ;;
        --web.telemetry-path=*) value=$flag$word && flag_telemetry=${value#*=} ;;
        esac
        flag=
    done <<WORDS
$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline")
WORDS
    # The default route prefix is the path of the external URL.
    case $external in
    */*) flag_prefix=${flag_prefix:-${external#*/}} ;;
    esac
    flag_prefix=${flag_prefix#/}
    flag_prefix=${flag_prefix%/}
    flag_prefix=${flag_prefix:+/$flag_prefix}
}

# Sets url to the URL of the server whose flags read_flags has read.   $1 its listen address without the flag
find_url() {
    address=${flag_address:-$1}
    case ${address%:*} in
    "" | 0.0.0.0 | "[::]" | localhost) address=127.0.0.1:${address##*:} ;;
    esac
    # shellcheck disable=SC2034 # the callers use it
    url=http://$address$flag_prefix
}
