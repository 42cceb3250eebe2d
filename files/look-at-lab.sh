#!/bin/sh
# The part of a look that only the lab's scripts need: look_further, which snapshot.sh calls at its end.
#
# Takes what snapshot.sh has set, and, as shell variables set before it:
#   course     the file that notes when the course began, in seconds since 1970
#   gateway    where the Pushgateway answers; "found": where it runs; empty: it is not asked here
#   most_answered  how many bytes of all answers are read
#   questions  what else to ask, one URL a line. LAB_AGE stands for the milliseconds since the course
#              began
# Prints lines as snapshot.sh does. It changes nothing.
# shellcheck disable=SC2154,SC3045 # pid and others come from snapshot.sh; every sh of Debian has ulimit -v

LONGEST=86400     # how many seconds of history count where nobody noted when the course began
MOST_QUOTED=16000 # bytes of what promtool or a log says

look_further() {
    look_at_course
    find_gateway
    echo "at answers"
    ask
    echo "at verdict"
    look_at_verdict
    look_at_logs
    look_at_disk
}

look_at_course() {
    now=$(date +%s.%N)
    began=
    [ -r "$course" ] && read -r began _ <"$course"
    case $began in
    # A number that begins with 0 would be an octal one.
    "" | *[!0-9]* | 0* | ?????????????*) began=$((${now%.*} - LONGEST)) ;;
    *) echo "course_began $began" ;;
    esac
    echo "now $now"
    age=$((${now%.*} - began))
    # Within the first second the history is empty, and no duration may be.
    if [ "$age" -gt 0 ]; then age=${age}000; else age=1; fi
}

# Where the running Pushgateway answers on this host, from its command line.
find_gateway() {
    [ "$gateway" = found ] || return
    gateway=http://127.0.0.1:9091
    [ "$pid" -gt 0 ] && [ -r "/proc/$pid/cmdline" ] || return
    address=
    prefix=
    external=
    flag=
    while IFS= read -r word; do
        case $flag$word in
        --web.listen-address | --web.route-prefix | --web.external-url) flag=$word= && continue ;;
        --web.listen-address=*) given=$flag$word && address=${address:-${given#*=}} ;;
        --web.route-prefix=*) given=$flag$word && prefix=${given#*=} ;;
        --web.external-url=*) given=$flag$word && external=${given#*://} ;;
        esac
        flag=
    done <<WORDS
$(tr '\0' '\n' <"/proc/$pid/cmdline")
WORDS
    address=${address:-:9091}
    case ${address%:*} in
    "" | 0.0.0.0 | "[::]" | localhost) address=127.0.0.1:${address##*:} ;;
    esac
    # Without a route prefix, it is the path of the external URL.
    case $external in
    */*) prefix=${prefix:-${external#*/}} ;;
    esac
    prefix=${prefix#/}
    gateway="http://$address${prefix:+/${prefix%/}}"
}

# All answers of both servers, each followed by the mark and its status. A day of samples is much, but much
# alike. Prometheus is asked only where it has just answered: a hung one would hold up each question. The
# Pushgateway comes last: whoever answers in its place without end cannot hide what Prometheus says.
ask() {
    command -v curl >/dev/null || return
    set --
    if [ -n "$prometheus_said" ]; then
        while IFS= read -r question; do
            # The question is ours, the age a number.
            case $question in
            *LAB_AGE*) question=${question%%LAB_AGE*}$age${question#*LAB_AGE} ;;
            esac
            set -- "$@" --url "$question"
        done <<QUESTIONS
$questions
QUESTIONS
        echo "asked prometheus"
    fi
    if [ -n "$gateway" ]; then
        set -- "$@" --url "$gateway/api/v1/metrics" --url "$gateway/api/v1/status"
        echo "asked pushgateway"
    fi
    [ $# -gt 0 ] || return
    printf 'answers '
    curl -q --silent --fail --globoff --noproxy '*' --proto =http,https --connect-timeout 2 --max-time 3 \
        --write-out "\n$mark %{http_code}\n" "$@" 2>/dev/null |
        head -c "$most_answered" | gzip -1 | base64 -w0
    echo
}

# promtool and the journal are asked only where Prometheus has not taken the file as it is: both cost
# more than all the rest. promtool reads what the file names, so it runs as who reads the file, for a
# while, and with a limit to its memory.
look_at_verdict() {
    is_loaded && return
    [ -n "${real:-}" ] && [ -f "$config_path" ] && command -v promtool >/dev/null && {
        verdict=$(
            ulimit -v 4000000
            { as_reader timeout -k 1 4 promtool check config "$config_path" 2>&1; echo "$?"; } |
                tail -c "$MOST_QUOTED"
        )
        printf 'promtool_exit %s\n' "${verdict##*"
"}"
        print_text promtool_said "${verdict%"
"*}"
    }
    error=$(service_log_of_boot "$prometheus_unit" 1000 3 |
        grep -iE 'rror (re)?loading config' | tail -n 1 | head -c "$MOST_QUOTED")
    [ -z "$error" ] || print_text reload_error "$error"
}

# Whether the last reload was a success, and later than every change of the file.
is_loaded() {
    successful=
    taken=
    while read -r name value; do
        case $name in
        prometheus_config_last_reload_successful) successful=$value ;;
        prometheus_config_last_reload_success_timestamp_seconds) taken=$value ;;
        prometheus_config) break ;;
        esac
    done <<SAID
$prometheus_said
SAID
    [ "$successful" = 1 ] && is_number "$taken" && is_number "${config_changed:-}" &&
        awk 'BEGIN { exit !(ARGV[1] + 0 >= ARGV[2] + 0) }' "$taken" "$config_changed"
}

# The end of the log of a service that is neither up nor was stopped.
look_at_logs() {
    for service in "$prometheus_unit" "$pushgateway_unit"; do
        case $broken in
        *" $service "*) print_text "service_log $service" "$(
            service_log "$service" 3 3 | head -c "$MOST_QUOTED"
        )" ;;
        esac
    done
}

# Free and all bytes where Prometheus writes its samples: where its write-ahead log is open.
look_at_disk() {
    [ "$prometheus_pid" -gt 0 ] || return
    wal=$(find "/proc/$prometheus_pid/fd" -lname '*/wal/*' -printf '%l\n' -quit 2>/dev/null)
    [ -z "$wal" ] || stat -f -c 'tsdb_blocks %a %b %S' -- "${wal%/wal/*}" 2>/dev/null
}
