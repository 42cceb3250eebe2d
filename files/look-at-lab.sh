#!/bin/sh
# The part of a look that only the lab's scripts need; snapshot.sh runs it at its end.
#
# Takes what snapshot.sh has set, and, as shell variables set before that:
#   course     the file that notes when the course began, in seconds since 1970
#   gateway    where the Pushgateway answers; "found": where it runs; empty: it is not asked here
#   mark       what no answer holds, to stand between two of them
#   questions  what else to ask, one URL a line. LAB_AGE stands for the milliseconds since the course
#              began
# Prints lines as snapshot.sh does. It changes nothing.
# shellcheck disable=SC2154 # pid, prometheus_pid, config_path and others come from snapshot.sh

LONGEST=86400 # how many seconds of history count where nobody noted when the course began

look_at_course() {
    now=$(date +%s.%N)
    began=
    [ -r "$course" ] && read -r began _ <"$course"
    case $began in
    "" | *[!0-9]*) began=$((${now%.*} - LONGEST)) ;;
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
# alike. Prometheus is asked only where it has just answered: a hung one would hold up each question.
ask() {
    command -v curl >/dev/null || return
    printf 'answers '
    {
        if [ -n "$gateway" ]; then
            echo "url=$gateway/api/v1/metrics"
            echo "url=$gateway/api/v1/status"
        fi
        [ -z "$prometheus_said" ] || printf '%s\n' "$questions" | sed "s|^|url=|; s|LAB_AGE|$age|g"
    } | curl --silent --fail --globoff --noproxy '*' --connect-timeout 2 --max-time 5 \
        --write-out "\n$mark %{http_code}\n" --config - 2>/dev/null | gzip -1 | base64 -w0
    echo
}

# promtool and the journal are asked only where Prometheus has not taken the file as it is: both cost
# more than all the rest.
look_at_verdict() {
    is_loaded && return
    [ -f "$config_path" ] && command -v promtool >/dev/null && {
        verdict=$(promtool check config "$config_path" 2>&1)
        printf 'promtool_exit %s\n' $?
        printf 'promtool_said %s\n' "$(printf '%s' "$verdict" | base64 -w0)"
    }
    error=$(journalctl --no-pager -o cat -b -n 1000 -u "$prometheus_unit" 2>/dev/null |
        grep -iE 'rror (re)?loading config' | tail -n 1)
    [ -z "$error" ] || printf 'reload_error %s\n' "$(printf '%s' "$error" | base64 -w0)"
}

# Whether the last reload was a success, and later than every change of the file.
is_loaded() {
    successful=
    while read -r name value; do
        case $name in
        prometheus_config_last_reload_successful) successful=$value ;;
        prometheus_config_last_reload_success_timestamp_seconds) taken=$value ;;
        prometheus_config) break ;;
        esac
    done <<SAID
$prometheus_said
SAID
    [ "$successful" = 1 ] && [ -n "${config_changed:-}" ] &&
        awk "BEGIN { exit !($taken >= $config_changed) }"
}

# The end of the log of a unit that is neither up nor was stopped.
look_at_logs() {
    for unit in "$prometheus_unit" "$pushgateway_unit"; do
        case $broken in
        *" $unit "*) printf 'unit_log %s %s\n' "$unit" \
            "$(journalctl --no-pager -o cat -n 3 "_SYSTEMD_UNIT=$unit" 2>/dev/null | base64 -w0)" ;;
        esac
    done
}

# Free and all bytes where Prometheus writes its samples: where its write-ahead log is open.
look_at_disk() {
    [ "$prometheus_pid" -gt 0 ] || return
    wal=$(find "/proc/$prometheus_pid/fd" -lname '*/wal/*' -printf '%l\n' -quit 2>/dev/null)
    [ -z "$wal" ] || stat -f -c 'tsdb_blocks %a %b %S' -- "${wal%/wal/*}" 2>/dev/null
}

look_at_course
find_gateway
ask
look_at_verdict
look_at_logs
look_at_disk
