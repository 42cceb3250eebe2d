#!/bin/sh
# The part of a look that only verify, prepare and reset need: look_further, which snapshot.sh calls at its end.
#
# Needs the variables and functions of snapshot.sh, the functions of programs.sh and persistence.sh, and these shell
# variables, set before the script:
#   course         the file with the start time of the course, in seconds since 1970
#   start_files    the directory, root's, with the copy of the configuration file at the start line
#   gateway        the Pushgateway's URL; "found": from its command line; empty: do not ask the Pushgateway
#   default_persistence_file   the file to which a Pushgateway without the flag --persistence.file persists
#   follow         yes: look at the configuration file that the running Prometheus reads, if its command line names
#                  another one than config_path
#   most_answered  the largest number of bytes of all answers together
#   questions      further paths to ask Prometheus for, one a line. LAB_AGE in them stands for the milliseconds since
#                  the start of the course
# Prints lines like snapshot.sh. It changes nothing.
# shellcheck disable=SC2154,SC3045 # pid and others come from snapshot.sh; every sh of Debian has ulimit -v

LONGEST=86400     # seconds of history, if no start time is noted
MOST_QUOTED=16000 # bytes of the output of promtool or a log

# Succeeds if the look is for the file that the running Prometheus reads. snapshot.sh calls this if it is another
# one than config_path.
looks_at_running_config() { [ "$follow" = yes ]; }

look_further() {
    look_at_course
    look_at_start_file
    find_gateway
    echo "at answers"
    ask
    echo "at verdict"
    look_at_verdict
    look_at_logs
    look_at_programs
    look_at_ways
    look_at_persistence
    look_at_disk
}

look_at_course() {
    now=$(date +%s.%N)
    began=
    [ -r "$course" ] && read -r began _ <"$course"
    case $began in
    # The shell would read a number with a leading 0 as octal.
    "" | *[!0-9]* | 0* | ?????????????*) began=$((${now%.*} - LONGEST)) ;;
    *) echo "course_began $began" ;;
    esac
    echo "now $now"
    age=$((${now%.*} - began))
    # In the first second the age is 0, but a duration in PromQL must not be 0.
    if [ "$age" -gt 0 ]; then age=${age}000; else age=1; fi
}

# Only prepare writes this file; a trainee cannot, and most questions about it need its digest alone.
look_at_start_file() {
    start_file=$start_files$config_path
    [ -f "$start_file" ] || return
    read -r digest _ <<SUM
$(sha256sum <"$start_file")
SUM
    echo "start_file $digest"
}

# Sets gateway from the command line of the running Pushgateway; telemetry, the path of its own metrics; and
# persistence, the file to which it persists.
find_gateway() {
    read_flags "$pid" "$default_persistence_file"
    telemetry=${flag_telemetry:-/metrics}
    persistence=
    [ "$pid" -eq 0 ] || persistence=$flag_persistence
    [ "$gateway" = found ] || return
    find_url :9091
    gateway=$url
}

# Prints all answers of both servers, each followed by the mark and the status, compressed: a day of samples is
# large, but repetitive. Prometheus is asked only if it has answered before: each question to a hanging one would
# take its timeout. The Pushgateway comes last, so that an endless answer there does not cut off Prometheus's.
ask() {
    command -v curl >/dev/null || return
    asker=ask_server
    set --
    if [ -n "$prometheus_said" ]; then
        asker=ask_prometheus
        guard_login "$prometheus_url" "$receiver" || :
        while IFS= read -r question; do
            # Safe: the question comes from this toolkit, and the age is a number.
            while [ "$question" != "${question#*LAB_AGE}" ]; do
                question=${question%%LAB_AGE*}$age${question#*LAB_AGE}
            done
            set -- "$@" --url "$prometheus_url$question"
        done <<QUESTIONS
$questions
QUESTIONS
        echo "asked prometheus"
    fi
    if [ -n "$gateway" ]; then
        # Options before --next do not count after it: the Pushgateway does not receive the password of Prometheus.
        [ $# -eq 0 ] || set -- "$@" --next --silent --fail --globoff --noproxy '*' --proto =http,https \
            --connect-timeout 2 --max-time 3 --write-out "\n$mark %{http_code}\n"
        set -- "$@" --url "$gateway/api/v1/metrics" --url "$gateway/api/v1/status"
        # The third question to a hanging Pushgateway must not take the rest of the time of the look.
        set -- "$@" --next --silent --fail --globoff --noproxy '*' --proto =http,https --connect-timeout 1 \
            --max-time 1 --write-out "\n$mark %{http_code}\n" --url "$gateway/${telemetry#/}"
        echo "asked pushgateway"
    fi
    [ $# -gt 0 ] || return
    printf 'answers '
    "$asker" --fail --connect-timeout 2 --max-time 3 --write-out "\n$mark %{http_code}\n" "$@" 2>/dev/null |
        head -c "$most_answered" | gzip -1 | base64 -w0
    echo
}

# promtool and the journal are used only if Prometheus has not loaded the current file: both take more time than
# all the rest. promtool opens the files that the configuration names, so it runs as the reader of the
# configuration, with limits of time and memory.
look_at_verdict() {
    is_loaded && return
    [ -n "${real:-}" ] && [ -f "$config_path" ] && [ -n "$promtool" ] && {
        verdict=$(
            ulimit -v 4000000
            { as_reader timeout -k 1 4 "$promtool" check config "$config_path" </dev/null 2>&1; echo "$?"; } |
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

# Succeeds if the last reload was successful and not earlier than the last change of the file. See has_loaded_file
# in facts/snapshot.py.
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

# Succeeds if a service is neither running nor stopped.   $1 its name
is_broken() {
    service_noted "$1"
    [ "$state" != active ] && [ "$state" != inactive ]
}

# Prints the end of the log of each service that is neither running nor stopped.
look_at_logs() {
    for service in "$prometheus_unit" "$pushgateway_unit"; do
        if is_broken "$service"; then
            print_text "service_log $service" "$(service_log "$service" 3 3 | head -c "$MOST_QUOTED")"
        fi
    done
    for service in ${prune_units:-}; do
        # With the lines of the service manager: it may have failed before the program started.
        if is_broken "$service"; then
            print_text "service_log $service" "$(service_log_of_boot "$service" 6 3 | head -c "$MOST_QUOTED")"
        fi
    done
}

# Prints the programs that listen, if a service does not run or Prometheus does not answer: another program may
# have taken a port, or Prometheus's flags may name another one.
look_at_programs() {
    # Also if its flags move it from where the lab's page has it.
    { [ -n "$prometheus_said" ] && [ -z "${moved:-}" ]; } || [ "$prometheus_pid" -eq 0 ] ||
        print_base64 prometheus_argv "/proc/$prometheus_pid/cmdline"
    [ -n "$prometheus_said" ] && [ "$prometheus_pid" -gt 0 ] && [ "$pid" -gt 0 ] && return
    print_programs
}

# If the reader of the configuration file cannot read it, prints the directories on the way to it that the reader may
# not enter, and the file itself if it was reached through a link.
look_at_ways() {
    [ "${config_read:-0}" -ne 0 ] || return
    # shellcheck disable=SC2154 # follow sets hops
    [ "$hops" -eq 0 ] || print_text config_link "$real"
    while IFS= read -r way; do
        as_reader test -x "$way" </dev/null >/dev/null 2>&1 || print_text closed_way "$way"
    done <<WAYS
$ways
WAYS
}

# Prints the directory in which the Pushgateway's user may not write, and the files that change its unit, if it
# cannot persist there: it needs a new file for each time it saves.
look_at_persistence() {
    [ "$pid" -gt 0 ] && [ -n "$persistence" ] || return
    find_unwritable "$pid" "$persistence"
    [ -n "$unwritable" ] || return
    print_text unwritable "$unwritable"
    service_changed_by "$pushgateway_unit" | while IFS= read -r file; do
        print_text changed_by "$file"
    done
}

# Prints the free and all blocks of the file system with Prometheus's samples: that of its open write-ahead log.
look_at_disk() {
    [ "$prometheus_pid" -gt 0 ] || return
    wal=$(find "/proc/$prometheus_pid/fd" -lname '*/wal/*' -printf '%l\n' -quit 2>/dev/null)
    [ -z "$wal" ] || stat -f -c 'tsdb_blocks %a %b %S' -- "/proc/$prometheus_pid/root${wal%/wal/*}" 2>/dev/null
}
