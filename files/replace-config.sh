#!/bin/sh
# shellcheck disable=SC3013 # -ef is not in POSIX, but in every sh of Debian and Ubuntu
#
# Replaces a configuration file as one transaction, and has its service take it.
#
# Takes, as shell variables set before it:
#   path      the file; a symlink stays one, what it points to is replaced
#   expected  SHA-256 of the text the new one was made from, or "absent"
#   digest    SHA-256 of the new text; empty: leave the file alone, only sweep and reload
#   check     "promtool" to have promtool judge the new text first, else empty
#   unit      systemd unit to reload, or empty; url: where that Prometheus answers
#   seconds   how long to wait for Prometheus to take or refuse the file
# The new text comes on standard input as base64. At every instant the path holds the old or the new
# text, whole. The first line printed is "result WORD", the lines after it say why:
#   written     the file holds the new text (no unit given)
#   taken       and Prometheus took it; what promtool said
#   conflict    somebody else changed the file meanwhile; it is as they left it
#   incomplete  not all of the new text arrived; nothing was written
#   rejected    promtool refused the new text; nothing was written
#   refused     Prometheus refused it; the old text is back
#   kept        Prometheus refused it, and somebody changed the file meanwhile; it was left alone
#   unrestored  Prometheus refused it, and the old text could not be put back
#   busy        another run holds the lock
#   failed      a step failed; nothing was written
#
# Nobody who edits the file takes our lock, so an edit can come at any time. It is seen, and the file
# given back, when it came before our rename, or went into the old file up to the end of the reload.
# What remains: a file that is renamed onto the path in the millisecond between our last look and our
# rename, and only where mv cannot exchange (coreutils before 9.5); and who keeps the old file open for
# longer than a reload and then writes. What they wrote last is in the backup.

: "${path:?}" "${seconds:?}"
export LC_ALL=C
umask 077
lock=/run/pushgateway-lab.lock

finish() {
    result=$1
    shift
    printf 'result %s\n' "$result"
    [ $# -eq 0 ] || printf '%s\n' "$@"
    exit 0
}

sha256() { sha256sum | cut -d' ' -f1; }

has_digest() { [ "$(sha256 <"$1")" = "$2" ]; }

# The text waits in memory until all of it is here: a connection that breaks on the way leaves no file
# behind, and one that hangs holds no lock.
receive() {
    text=$(cat)
    # shellcheck disable=SC2154 # digest comes from the caller
    [ "$(printf '%s' "$text" | base64 -d 2>/dev/null | sha256)" = "$digest" ] || finish incomplete
}

take_lock() {
    command exec 9>"$lock" || finish failed "cannot open $lock"
    # Whoever holds it may have to wait for Prometheus twice.
    patience=$((2 * seconds + 5))
    flock -w "$patience" 9 || finish busy "Another run has held $lock for $patience s"
}

find_file() {
    real=$(readlink -f -- "$path") || finish failed "$path leads nowhere"
    directory=$(dirname -- "$real")
    # None of these names ends in .yml: other tools read a directory's *.yml.
    prefix="$directory/.$(basename -- "$real").pushgateway-lab."
    backup="$real.before-pushgateway-lab"
    # Where Prometheus would see it: relative paths in it start at the symlink, if the file is one.
    candidate="$(dirname -- "$path")/.$(basename -- "$path").pushgateway-lab.candidate"
}

# Removes what this run, or one that was killed, no longer needs; the text that was replaced becomes
# the backup. Only who holds the lock may do this.
sweep() {
    # First, since a symlink that leads nowhere would not be noticed as the only thing left.
    rm -f -- "$candidate"
    for leftover in "$prefix"*; do
        case $leftover in
            *.previous) [ "$leftover" -ef "$real" ] || mv -fT -- "$leftover" "$backup" ;;
        esac
        rm -f -- "$leftover"
    done
}

is_as_expected() {
    # shellcheck disable=SC2154 # expected comes with digest
    if [ -e "$real" ]; then has_digest "$real" "$expected"; else [ "$expected" = absent ]; fi
}

# Nobody can read the new text who could not read the old one: the file is its owner's alone until it
# is like the original, and empty until then.
write_temporary() {
    temporary=$(mktemp -- "${prefix}XXXXXXXX" 2>&1) || finish failed "$temporary"
    previous=$temporary.previous
    trap sweep EXIT
    trap 'exit 1' HUP INT PIPE TERM
    copy_attributes
    words=$(printf '%s' "$text" | base64 -d 2>&1 >"$temporary") || finish failed "$words"
    words=$(sync -- "$temporary" 2>&1) || finish failed "$words"
    has_digest "$temporary" "$digest" || finish failed "$temporary does not hold what was written"
}

# Owner, group, mode, ACL, extended attributes, SELinux context.
copy_attributes() {
    if [ ! -e "$real" ]; then
        chmod 0644 "$temporary"
        return
    fi
    words=$(cp --attributes-only --preserve=all -- "$real" "$temporary" 2>&1) || finish failed "$words"
    [ "$(access_to "$temporary")" = "$(access_to "$real")" ] ||
        finish failed "owner, mode or ACL of $real cannot be given to a new file"
}

access_to() {
    # Where there is no getfacl, the + that ls puts behind the mode tells at least of an ACL.
    # shellcheck disable=SC2012 # find does not tell
    ls -ldn -- "$1" | awk '{print $1, $3, $4}'
    if command -v getfacl >/dev/null; then getfacl -cnp -- "$1" 2>/dev/null; fi
}

judge() {
    verdict=
    [ "${check:-}" = promtool ] && command -v promtool >/dev/null || return
    words=$(ln -s -- "$temporary" "$candidate" 2>&1) || finish failed "$words"
    words=$(promtool check config "$candidate" 2>&1)
    judged=$?
    # It speaks of the candidate; its reader knows the file.
    verdict=$(printf '%s\n' "$words" | sed "s|$candidate|$path|g")
    [ "$judged" -eq 0 ] || finish rejected "$verdict"
}

# Puts a file in the place of the real one. Where mv can exchange, what was displaced has its name then.
put() {
    if [ -n "$exchange" ] && mv "$exchange" -T -- "$1" "$real" 2>/dev/null; then return; fi
    words=$(mv -fT -- "$1" "$real" 2>&1)
}

replace() {
    exchange=
    if mv --help | grep -q -e --exchange; then exchange=--exchange; fi
    # From here on it must come to an end, also when the connection is gone.
    trap '' HUP INT PIPE TERM
    if [ "$expected" = absent ]; then
        # Unlike a rename, a new name cannot displace a file that has just appeared.
        words=$(ln -T -- "$temporary" "$real" 2>&1) || finish "$(conflict_or_failed)" "$words"
    else
        words=$(ln -T -- "$real" "$previous" 2>&1) || finish "$(conflict_or_failed)" "$words"
        has_digest "$previous" "$expected" || finish conflict
        [ "$(readlink -f -- "$path")" = "$real" ] || finish conflict
        # Asked last, since it starts no process: the rename follows at once.
        [ "$real" -ef "$previous" ] || finish conflict
        put "$temporary" || finish failed "$words"
        give_back_if_edited
    fi
    sync -- "$directory"
}

conflict_or_failed() { if is_as_expected; then echo failed; else echo conflict; fi; }

# Somebody may have written after all: a new file that we displaced, or into the old one.
give_back_if_edited() {
    [ -e "$previous" ] || return 0
    if [ -e "$temporary" ] && ! [ "$temporary" -ef "$previous" ]; then
        theirs=$temporary
    elif ! has_digest "$previous" "$expected"; then
        theirs=$previous
    else
        return
    fi
    if has_digest "$real" "$digest" && put "$theirs"; then rm -f -- "$theirs"; fi
    finish conflict
}

metric() {
    # shellcheck disable=SC2154 # url comes with unit
    curl --silent --noproxy '*' --max-time 2 "$url/metrics" |
        sed -n "s/^prometheus_config_last_reload_$1 //p"
}

# Prometheus reloads some time after it was told to. Its metrics say that it took a configuration;
# that it refused one, they only say if it took the one before: so its log is asked as well.
reload() {
    taken_before=$(metric success_timestamp_seconds)
    since=$(date +%s.%N)
    words=$(systemctl reload "$unit" 2>&1) || return 1
    deadline=$(($(date +%s) + seconds))
    while [ "$(date +%s)" -le "$deadline" ]; do
        taken=$(metric success_timestamp_seconds)
        if [ -n "$taken" ] && [ "$taken" != "$taken_before" ]; then return 0; fi
        words=$(errors_in_log)
        case $words in *'rror reloading config'*) return 1 ;; esac
        sleep 0.05
    done
    case $(metric successful) in
        0) words="It refused the configuration, and the journal of $unit does not tell why. $words" ;;
        *) words="It neither took nor refused the configuration within $seconds s. $words" ;;
    esac
    return 1
}

errors_in_log() {
    journalctl --no-pager -o cat -u "$unit" --since "@$since" 2>/dev/null |
        grep -iE 'level"?[=:]"?error'
}

restore() {
    why=$words
    has_digest "$real" "$digest" || finish kept "$why"
    put "$previous" || finish unrestored "$why" "$words"
    if [ -e "$previous" ]; then
        # It was an exchange, and shows whether somebody was faster.
        has_digest "$previous" "$digest" || { put "$previous"; finish kept "$why"; }
        rm -f -- "$previous"
    fi
    sync -- "$directory"
    reload
    finish refused "$why"
}

[ -z "${digest:-}" ] || receive
take_lock
find_file
sweep
if [ -n "${digest:-}" ]; then
    is_as_expected || finish conflict
    write_temporary
    judge
    replace
fi
[ -n "${unit:-}" ] || finish written
if reload; then
    [ -z "${digest:-}" ] || give_back_if_edited
    finish taken "${verdict:-}"
fi
[ -z "${digest:-}" ] || restore
finish refused "$words"
