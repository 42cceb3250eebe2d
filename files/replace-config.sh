#!/bin/sh
# shellcheck disable=SC2154,SC3045 # variables come from the caller and other files; every sh of Debian has ulimit -v
#
# Replaces a configuration file as one transaction, and reloads its service.
#
# Needs these shell variables, set before the script:
#   mark      a random line, printed before the answer
#   path      the file; a symbolic link is kept, its target is replaced
#   check     "promtool" to check the new text with promtool first, else empty
#   loaded    "yes" if Prometheus has loaded the text from which the new text was made, else empty
#   service   the service to reload, or empty
#   process   the process of this Prometheus, or 0
#   signalled yes: it is reloaded by a signal to this process; else by the service's own command
#   url       the URL of this Prometheus
#   receiver  the process of its service, which alone may receive its password over plain http; 0 if there is none
#   seconds   the time limit for Prometheus to load or reject the file
#   worker    the text of config-worker.sh
#   suffix    what the name of the backup has after the name of the file; empty: before-pushgateway-lab
#   closed_note  the file with the note about closed directories, see close-directory.sh
#   secrets_follow  yes: standard input begins with secrets, see secret-lines.sh
# Needs the functions of whose.sh, of close-directory.sh, of secret-lines.sh and of a service manager. Among the secrets are,
# because a digest helps to guess a password in a text:
#   expected  SHA-256 of the text from which the new text was made, or "absent"
#   digest    SHA-256 of the new text; without, the file is not changed: the script only sweeps and reloads
# The new text comes on standard input as base64.
# At every moment, the path has either the complete old or the complete new text. The first printed line is
# "result WORD". The second is "candidate PATH", a name of the new text that promtool and Prometheus may use in
# their messages. The further lines are the reason:
#   written     the file has the new text (there is no service)
#   taken       the file has the new text, and Prometheus loaded it; promtool's output
#   overruled   the same, although promtool rejects the new text for the same reason as the old one
#   conflict    somebody else changed the file meanwhile; their version was kept
#   incomplete  the new text arrived incomplete; nothing was written
#   rejected    promtool rejected the new text; nothing was written
#   unloaded    promtool rejected the new text for the same reason as the old one, which Prometheus has not
#               loaded; nothing was written
#   refused     Prometheus rejected it; the old text was restored
#   kept        Prometheus rejected it, and somebody else changed the file meanwhile; their version was kept
#   unrestored  Prometheus rejected it, and the old text could not be restored
#   busy        another run holds the lock
#   unsafe      another user could make root write to another file; nothing was written
#   failed      a step failed; nothing was written
#
# Root itself writes only if no other user can change a name on the path. If directories on the path belong to
# one user, config-worker.sh does the work as that user, and root only reloads. If they belong to several users,
# nothing is written. If they are root's, and their group may write in them, they are closed until the end.
#
# Editors do not take our lock, so somebody may edit the file at any time. The transaction detects and restores
# an edit before our rename, and an edit of the old file until the end of the reload. It does not detect two
# cases. First, somebody renames a file to the path in the millisecond between our last check and our rename;
# this needs a mv that cannot exchange (coreutils before 9.5). Second, somebody keeps the old file open until
# after the reload, and then writes. The backup has this last version.

: "${mark:?}" "${path:?}" "${seconds:?}" "${worker:?}" "${closed_note:?}"
export LC_ALL=C
PATH=$PATH:/usr/local/bin
umask 077
lock=/run/pushgateway-lab.lock
MOST_QUOTED=16000      # bytes of the output of promtool or the journal
MOST_SAID=4000000      # bytes of Prometheus's metrics
MOST_REPLACED=16000000 # bytes of the file that is replaced
PROMTOOL_TIMEOUT=30    # seconds
RELOAD_TIMEOUT=30
LOG_TIMEOUT=10
expected=
digest=
temporary=
sweeps=
# A name of the new text beside path: relative paths in it start there, even if path is a symbolic link.
place=$(dirname -- "$path")
candidate="$place/.$(basename -- "$path").pushgateway-lab.candidate"

finish() {
    printf 'result %s\ncandidate %s\n' "$1" "$candidate"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
    exit 0
}

# The text is kept in memory until it is complete: so a broken connection leaves no file, and a hanging one
# holds no lock.
receive() {
    text=$(cat)
    [ "$(printf '%s' "$text" | base64 -d 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$digest" ] ||
        finish incomplete
}

take_lock() {
    command exec 9>"$lock" || finish failed "cannot open $lock"
    # The holder of the lock may wait for Prometheus twice.
    patience=$((2 * seconds + 5))
    flock -w "$patience" 9 || finish busy "Another run has held $lock for $patience s"
}

# Opens what a killed run left closed.
heal() { open_closed || finish failed "$words"; }

find_file() {
    close_ways "$path" || {
        [ -n "$obstacle" ] || finish failed "$words"
        finish unsafe "$obstacle"
    }
    # The group may have planted what the reader reads, so root is no reader here: see as_reader.
    # shellcheck disable=SC2034 # for whose.sh
    shared=$closed
    # A FIFO, and a file of terabytes with nothing in it, would block the one who reads it. The text of which we know
    # the digest was in neither.
    [ -n "$digest" ] && [ -e "$real" ] || return 0
    if ! [ -f "$real" ] || [ "$(stat -c %s -- "$real")" -gt "$MOST_REPLACED" ]; then finish conflict; fi
}

# At every end: no temporary file stays, and no closed directory. Signals do not interrupt this.
# shellcheck disable=SC2317 # a trap calls it
end() {
    trap '' HUP INT PIPE TERM
    [ -z "$sweeps" ] || sweep
    open_closed
}

# Runs a phase of config-worker.sh as the writer, and sets $answer. The phase does not inherit the descriptor
# of the lock, which a hostile user could then hold for ever.
work() {
    answer=$(
        # In the environment, and not among the arguments, which every user can read.
        export path real expected digest temporary suffix
        printf '%s' "${feed:-}" | as_writer sh -c "$worker" config-worker "$1" 9>&- 2>&1 |
            timeout "$((LOWERED_SECONDS + 10))" head -c 65536
    )
}

as_writer() { if [ "$writer" = 0 ]; then "$@"; else as_user "$writer" "$@"; fi; }

# The owner of the candidate's directory creates it: root, or the writer.
as_owner_of_place() {
    if [ "$(stat -L -c %u -- "$place")" = 0 ]; then "$@"; else as_writer "$@"; fi
}

# Deletes the temporary files of this run and of killed runs. Needs the lock.
sweep() {
    # The candidate first: if it were the only one left, a broken symbolic link would not be found.
    as_owner_of_place rm -f -- "$candidate" 9>&- </dev/null >/dev/null 2>&1
    work sweep
}

# Runs a phase; ends the transaction if the phase does not answer "go".
phase() {
    work "$1"
    case $answer in
    go*) ;;
    "result conflict"* | "result failed"*) end_as_answered ;;
    *) finish failed "the phase $1 did not report a result: $answer" ;;
    esac
}

end_as_answered() {
    word=${answer#result }
    word=${word%%"
"*}
    why=${answer#"result $word"}
    finish "$word" "${why#"
"}"
}

# promtool also rejects texts that Prometheus loads, for example for a file with credentials that does not
# exist yet, or for a field that is newer than promtool. If it rejects the old text for the same reason, and
# Prometheus has loaded the old text, then Prometheus decides.
judge() {
    verdict=
    success=taken
    [ "${check:-}" = promtool ] || return 0
    find_promtool "${process:-0}"
    [ -n "$promtool" ] || return 0
    find_reader_of "$service" "${process:-0}"
    ask_promtool "$temporary"
    [ "$judged" -ne 0 ] || return 0
    about_new=$verdict
    [ "$expected" != absent ] || finish rejected "$about_new"
    ask_promtool "$real"
    if [ "$judged" -eq 0 ] || [ "$(reason "$verdict")" != "$(reason "$about_new")" ]; then
        finish rejected "$about_new"
    fi
    [ -n "${loaded:-}" ] || finish unloaded "$about_new"
    verdict=$about_new
    success=overruled
}

# An edit moves the lines below it, so numbers do not count.
reason() { printf '%s' "$1" | tr -d 0-9; }

# Sets verdict, promtool's output about a file, and judged, its exit status. promtool opens the files that the
# text names, so it runs as the reader of the configuration. It sees each file under the name of the candidate.
ask_promtool() {
    words=$(as_owner_of_place ln -sfT -- "$1" "$candidate" 9>&- </dev/null 2>&1) || {
        # Its path would stand for the path of the file.
        [ ! -d "$candidate" ] || words="${candidate##*/} is a directory"
        finish failed "$words"
    }
    verdict=$(
        ulimit -v 4000000
        {
            as_reader timeout -k 1 "$PROMTOOL_TIMEOUT" "$promtool" check config "$candidate" 9>&- </dev/null 2>&1
            echo "$?"
        } | timeout "$((LOWERED_SECONDS + 10))" tail -c "$MOST_QUOTED"
    )
    judged=${verdict##*"
"}
    is_number "$judged" || judged=124
    verdict=${verdict%"
"*}
    [ "$judged" -ne 124 ] || verdict="promtool did not finish within $PROMTOOL_TIMEOUT s. $verdict"
}

# Prints one of Prometheus's numbers about its last reload; prints nothing if it is not a number.
metric() {
    # Minutes may have passed since the look, and each reload takes time: another program may have the process's id.
    [ -z "$prometheus_login" ] || is_of_service "${receiver:-0}" || receiver=0
    guard_login "$url" "${receiver:-0}" || return 0
    value=$(ask_prometheus --max-time 2 --url "$url/metrics" |
        head -c "$MOST_SAID" | sed -n "s/^prometheus_config_last_reload_$1 //p" | head -n 1 | head -c 100)
    if is_number "$value"; then printf '%s' "$value"; fi
}

# Succeeds if a process is of the service now: in its control group, or its main process.   $1 process, or 0
is_of_service() {
    [ "$1" -gt 0 ] || return 1
    [ "$(service_of_process "$1" prometheus)" != "$service" ] || return 0
    service_ask "$service"
    [ "$main_pid" = "$1" ]
}

# Prometheus reloads some time after the signal. Its metrics show when it has loaded a configuration. They show
# a rejection only if the previous reload succeeded, so the log is checked, too.
reload() {
    taken_before=$(metric success_timestamp_seconds)
    since=$(date +%s.%N)
    words=$(send_reload 2>&1)
    case $? in
    0) ;;
    124) words="The reload of $service did not finish within $RELOAD_TIMEOUT s. $words" && return 1 ;;
    *) return 1 ;;
    esac
    deadline=$(($(date +%s) + seconds))
    while [ "$(date +%s)" -le "$deadline" ]; do
        taken=$(metric success_timestamp_seconds)
        if [ -n "$taken" ] && [ "$taken" != "$taken_before" ]; then return 0; fi
        words=$(errors_in_log)
        case $words in *'rror reloading config'*) return 1 ;; esac
        sleep 0.05
    done
    case $(metric successful) in
        0) words="It rejected the configuration, and the log of $service has no reason. $words" ;;
        *) words="It neither loaded nor rejected the configuration within $seconds s. $words" ;;
    esac
    return 1
}

send_reload() {
    if [ "${signalled:-}" != yes ]; then
        service_reload "$service" "$RELOAD_TIMEOUT"
    elif is_prometheus; then
        kill -s HUP "$process"
    else
        echo "Prometheus does not run any more as process ${process:-0}"
        return 1
    fi
}

# Succeeds if the process is still this Prometheus: another program may have got its id since the look.
is_prometheus() {
    [ "${process:-0}" -gt 0 ] || return 1
    comm=
    { IFS= read -r comm; } 2>/dev/null <"/proc/$process/comm"
    [ "$comm" != prometheus ] || return 0
    service_ask "$service"
    [ "$main_pid" = "$process" ]
}

errors_in_log() {
    service_log_since "$service" "$since" "$LOG_TIMEOUT" |
        grep -iE 'level"?[=:]"?error' | tail -c "$MOST_QUOTED"
}

# Restores the old text, after Prometheus has rejected the new one.
take_back() {
    why=$words
    work restore
    case $answer in
    "result kept"*) finish kept "$why" ;;
    "result unrestored"*) finish unrestored "$why" "${answer#*"
"}" ;;
    go*) ;;
    *) finish unrestored "$why" "$answer" ;;
    esac
    reload || why="$why
The reload of the old file failed, too. $words"
    finish refused "$why"
}

printf '\n%s\n' "$mark"
[ -z "${secrets_follow:-}" ] || read_secrets
[ -z "$digest" ] || receive
take_lock
trap end EXIT
trap 'exit 1' HUP INT PIPE TERM
heal
find_file
sweep
if [ -n "$digest" ]; then
    sweeps=yes
    feed=$text
    phase write
    feed=
    temporary=${answer#go
}
    judge
    # From here on, the script must finish, even if the connection breaks.
    trap '' HUP INT PIPE TERM
    phase replace
fi
[ -n "${service:-}" ] || finish written
if reload; then
    [ -z "$digest" ] || phase settle
    finish "${success:-taken}" "${verdict:-}"
fi
[ -z "$digest" ] || take_back
finish refused "$words"
