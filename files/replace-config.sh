#!/bin/sh
# Replaces a configuration file as one transaction, and has its service take it.
#
# Takes, as shell variables set before it:
#   path      the file; a symlink stays one, what it points to is replaced
#   expected  SHA-256 of the text the new one was made from, or "absent"
#   digest    SHA-256 of the new text; empty: leave the file alone, only sweep and reload
#   check     "promtool" to have promtool judge the new text first, else empty
#   unit      systemd unit to reload, or empty; url: where that Prometheus answers
#   seconds   how long to wait for the lock, and for Prometheus to take or refuse the file
# The new text comes on standard input as base64. At every instant the path holds the old or the new
# text, whole. The first line printed is "result WORD", the lines after it say why:
#   written     the file holds the new text (no unit given)
#   taken       and Prometheus took it
#   conflict    somebody changed the file meanwhile; nothing was written
#   incomplete  not all of the new text arrived; nothing was written
#   rejected    promtool refused the new text; nothing was written
#   refused     Prometheus refused it; the old text is back
#   kept        Prometheus refused it, and somebody changed the file meanwhile; it was left alone
#   busy        another run holds the lock
#   failed      a step failed; nothing was written

: "${path:?}" "${seconds:?}"
export LC_ALL=C
umask 077

real=$(readlink -f -- "$path")
directory=$(dirname -- "$real")
# None of these names ends in .yml: other tools read a directory's *.yml.
temporary_prefix="$directory/.$(basename -- "$real").pushgateway-lab."
backup="$real.before-pushgateway-lab"
temporary=

finish() {
    result=$1
    shift
    printf 'result %s\n' "$result"
    [ $# -eq 0 ] || printf '%s\n' "$@"
    exit 0
}

digest_of() { sha256sum <"$1" | cut -d' ' -f1; }

is_as_expected() {
    # shellcheck disable=SC2154 # expected comes with digest
    if [ -e "$real" ]; then [ "$(digest_of "$real")" = "$expected" ]; else [ "$expected" = absent ]; fi
}

take_lock() {
    exec 9>/run/pushgateway-lab.lock || finish failed "cannot open /run/pushgateway-lab.lock"
    flock -w "$seconds" 9 || finish busy "another run has held /run/pushgateway-lab.lock for $seconds s"
    # Only a run that was killed leaves these behind: nobody else is here.
    rm -f -- "$temporary_prefix"*
}

write_temporary() {
    temporary=$(mktemp "${temporary_prefix}XXXXXXXX" 2>&1) || finish failed "$temporary"
    trap 'rm -f -- "$temporary"' EXIT
    trap 'exit 1' HUP INT PIPE TERM
    words=$(base64 -d 2>&1 >"$temporary") || finish failed "$temporary: $words"
    [ "$(digest_of "$temporary")" = "$digest" ] || finish incomplete
}

# Owner, group, mode, ACL, extended attributes, SELinux context. Whoever could not read the old text
# cannot read the new one: the temporary file is its owner's alone until it is like the original.
copy_attributes() {
    if [ ! -e "$real" ]; then
        chmod 0644 "$temporary"
        return
    fi
    words=$(cp --attributes-only --preserve=all -- "$real" "$temporary" 2>&1) || finish failed "$words"
    touch -- "$temporary"
    [ "$(stat -c %u:%g:%a "$temporary")" = "$(stat -c %u:%g:%a "$real")" ] ||
        finish failed "owner or mode of $real cannot be given to a new file"
}

judge() {
    [ "${check:-}" = promtool ] && command -v promtool >/dev/null || return
    words=$(promtool check config "$temporary" 2>&1) && return
    # It speaks of the temporary file; its reader knows the real one.
    finish rejected "$(printf '%s\n' "$words" | sed "s|$temporary|$real|g")"
}

replace() {
    words=$(sync -- "$temporary" 2>&1) || finish failed "$words"
    if [ -e "$real" ]; then
        # A second name for the old file is an exact backup, and costs no space on a full disk.
        ln -f -- "$real" "$backup" 2>/dev/null ||
            words=$(cp -a -- "$real" "$backup" 2>&1) || finish failed "$words"
    fi
    is_as_expected || finish conflict
    # From here on it must come to an end, also when the connection is gone.
    trap '' HUP INT PIPE TERM
    words=$(mv -fT -- "$temporary" "$real" 2>&1) || finish failed "$words"
    sync -- "$directory"
}

metric() {
    # shellcheck disable=SC2154 # url comes with unit
    curl --silent --noproxy '*' --max-time 5 "$url/metrics" |
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
        words=$(journalctl --no-pager -o cat -u "$unit" --since "@$since" 2>/dev/null |
            grep -iE 'error (re)?loading config|loading config.*(err|fail)')
        [ -n "$words" ] && return 1
        sleep 0.05
    done
    words="Prometheus neither took nor refused the configuration within $seconds s"
    return 1
}

restore() {
    why=$words
    [ "$(digest_of "$real")" = "$digest" ] || finish kept "$why"
    words=$(mv -fT -- "$backup" "$real" 2>&1) || finish kept "$why" "$words"
    sync -- "$directory"
    reload
    finish refused "$why"
}

take_lock
if [ -n "${digest:-}" ]; then
    write_temporary
    is_as_expected || finish conflict
    copy_attributes
    judge
    replace
fi
[ -n "${unit:-}" ] || finish written
if reload; then finish taken; fi
[ -n "${digest:-}" ] && restore
finish refused "$words"
