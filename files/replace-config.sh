#!/bin/sh
# shellcheck disable=SC2154,SC3045 # variables come from the caller and whose.sh; every sh of Debian has ulimit -v
#
# Replaces a configuration file as one transaction, and has its service take it.
#
# Takes, as shell variables set before it:
#   mark      a line that no host can know, printed before the answer
#   path      the file; a symlink stays one, what it points to is replaced
#   expected  SHA-256 of the text the new one was made from, or "absent"
#   digest    SHA-256 of the new text; empty: leave the file alone, only sweep and reload
#   check     "promtool" to have promtool judge the new text first, else empty
#   service   to reload, or empty; url: where that Prometheus answers
#   seconds   how long to wait for Prometheus to take or refuse the file
#   worker    the text of config-worker.sh; and the functions of whose.sh and of a service manager
# The new text comes on standard input as base64. At every instant the path holds the old or the new
# text, whole. The first line printed is "result WORD", the second "candidate PATH", as which promtool
# and Prometheus may have named the new text, the lines after it say why:
#   written     the file holds the new text (no service given)
#   taken       and Prometheus took it; what promtool said
#   conflict    somebody else changed the file meanwhile; it is as they left it
#   incomplete  not all of the new text arrived; nothing was written
#   rejected    promtool refused the new text; nothing was written
#   refused     Prometheus refused it; the old text is back
#   kept        Prometheus refused it, and somebody changed the file meanwhile; it was left alone
#   unrestored  Prometheus refused it, and the old text could not be put back
#   busy        another run holds the lock
#   unsafe      somebody could have root write elsewhere; nothing was written
#   failed      a step failed; nothing was written
#
# Root itself writes only where nobody else can change a name on the way. Where directories belong to a
# user, all that is done there is done as that user (config-worker.sh), and root only reloads; where
# they belong to several, nothing is done.
#
# Nobody who edits the file takes our lock, so an edit can come at any time. It is seen, and the file
# given back, when it came before our rename, or went into the old file up to the end of the reload.
# What remains: a file that is renamed onto the path in the millisecond between our last look and our
# rename, and only where mv cannot exchange (coreutils before 9.5); and who keeps the old file open for
# longer than a reload and then writes. What they wrote last is in the backup.

: "${mark:?}" "${path:?}" "${seconds:?}" "${worker:?}"
export LC_ALL=C
umask 077
lock=/run/pushgateway-lab.lock
MOST_QUOTED=16000   # bytes of what promtool or the journal says
MOST_SAID=4000000   # bytes of Prometheus's metrics
PROMTOOL_TIMEOUT=30 # seconds
RELOAD_TIMEOUT=30
LOG_TIMEOUT=10
expected=${expected:-}
digest=${digest:-}
temporary=
# The new text where Prometheus would see it: relative paths in it start at the symlink, if the file is one.
place=$(dirname -- "$path")
candidate="$place/.$(basename -- "$path").pushgateway-lab.candidate"

finish() {
    printf 'result %s\ncandidate %s\n' "$1" "$candidate"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
    exit 0
}

# The text waits in memory until all of it is here: a connection that breaks on the way leaves no file
# behind, and one that hangs holds no lock.
receive() {
    text=$(cat)
    [ "$(printf '%s' "$text" | base64 -d 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$digest" ] ||
        finish incomplete
}

take_lock() {
    command exec 9>"$lock" || finish failed "cannot open $lock"
    # Whoever holds it may have to wait for Prometheus twice.
    patience=$((2 * seconds + 5))
    flock -w "$patience" 9 || finish busy "Another run has held $lock for $patience s"
}

find_file() {
    follow "$path" || finish failed "$path leads nowhere"
    # The file need not be there: what matters is its ways.
    decide_writer <<STATS
$(stat_all "${real%/*}/" "$ways")
STATS
    [ -z "$obstacle" ] || finish unsafe "$obstacle"
}

# Runs a phase of config-worker.sh as the writer; its answer goes to $answer. It has no descriptor of the
# lock, which it could hold for ever.
work() {
    answer=$(printf '%s' "${feed:-}" | as_writer env "path=$path" "real=$real" "expected=$expected" \
        "digest=$digest" "temporary=$temporary" sh -c "$worker" config-worker "$1" 9>&- 2>&1 |
        head -c 65536)
}

as_writer() { if [ "$writer" = 0 ]; then "$@"; else as_user "$writer" "$@"; fi; }

# The candidate is made by who owns the directory it is in: root, or the writer.
as_owner_of_place() {
    if [ "$(stat -L -c %u -- "$place")" = 0 ]; then "$@"; else as_writer "$@"; fi
}

# Removes what this run, or one that was killed, no longer needs. Only who holds the lock may do this.
sweep() {
    # First, since a symlink that leads nowhere would not be noticed as the only thing left.
    as_owner_of_place rm -f -- "$candidate" 9>&-
    work sweep
}

# Runs a phase, and ends the transaction where the phase does.
phase() {
    work "$1"
    case $answer in
    go*) ;;
    "result conflict"* | "result failed"*) end_as_answered ;;
    *) finish failed "the phase $1 ended without a word: $answer" ;;
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

# promtool reads what the text names, so it runs as who reads the file.
judge() {
    verdict=
    [ "${check:-}" = promtool ] && command -v promtool >/dev/null || return 0
    find_reader_of "$service"
    words=$(as_owner_of_place ln -s -- "$temporary" "$candidate" 9>&- 2>&1) || finish failed "$words"
    verdict=$(
        ulimit -v 4000000
        as_reader timeout -k 1 "$PROMTOOL_TIMEOUT" promtool check config "$candidate" 9>&- 2>&1
        echo "$?"
    )
    judged=${verdict##*"
"}
    verdict=$(printf '%s' "${verdict%"
"*}" | tail -c "$MOST_QUOTED")
    [ "$judged" -ne 124 ] || verdict="promtool did not come to an end within $PROMTOOL_TIMEOUT s. $verdict"
    [ "$judged" -eq 0 ] || finish rejected "$verdict"
}

# A number that Prometheus says about its last reload; nothing, where it says something else.
metric() {
    value=$(curl -q --silent --globoff --noproxy '*' --proto =http,https --max-time 2 --url "$url/metrics" |
        head -c "$MOST_SAID" | sed -n "s/^prometheus_config_last_reload_$1 //p" | head -n 1 | head -c 100)
    if is_number "$value"; then printf '%s' "$value"; fi
}

# Prometheus reloads some time after it was told to. Its metrics say that it took a configuration;
# that it refused one, they only say if it took the one before: so its log is asked as well.
reload() {
    taken_before=$(metric success_timestamp_seconds)
    since=$(date +%s.%N)
    words=$(service_reload "$service" "$RELOAD_TIMEOUT" 2>&1)
    case $? in
    0) ;;
    124) words="The reload of $service did not come to an end within $RELOAD_TIMEOUT s. $words" && return 1 ;;
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
        0) words="It refused the configuration, and the log of $service does not tell why. $words" ;;
        *) words="It neither took nor refused the configuration within $seconds s. $words" ;;
    esac
    return 1
}

errors_in_log() {
    service_log_since "$service" "$since" "$LOG_TIMEOUT" |
        grep -iE 'level"?[=:]"?error' | tail -c "$MOST_QUOTED"
}

# The old text goes back where Prometheus refused the new one.
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
    reload
    finish refused "$why"
}

printf '\n%s\n' "$mark"
[ -z "$digest" ] || receive
take_lock
find_file
sweep
if [ -n "$digest" ]; then
    # Whatever ends this, nothing of ours stays beside the file.
    trap sweep EXIT
    trap 'exit 1' HUP INT PIPE TERM
    feed=$text
    phase write
    feed=
    temporary=${answer#go
}
    judge
    # From here on it must come to an end, also when the connection is gone.
    trap '' HUP INT PIPE TERM
    phase replace
fi
[ -n "${service:-}" ] || finish written
if reload; then
    [ -z "$digest" ] || phase settle
    finish taken "${verdict:-}"
fi
[ -z "$digest" ] || take_back
finish refused "$words"
