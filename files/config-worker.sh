#!/bin/sh
# shellcheck disable=SC3013 # -ef is not in POSIX, but in every sh of Debian and Ubuntu
#
# One phase of the transaction of replace-config.sh, run as the user whose directory the file is in.
#
# Takes, as its only argument, the phase, and, as environment variables:
#   path, real   the file as it is named, and where that leads
#   expected     SHA-256 of the text the new one was made from, or "absent"
#   digest       SHA-256 of the new text
#   temporary    the new file, as the phase "write" named it
# The phases, and what each prints: "result WORD" and why, or "go" where the next one may come.
#   sweep        removes what this run, or one that was killed, no longer needs
#   write        puts the new text (standard input, as base64) beside the file; prints its name
#   replace      puts it in the file's place: go, conflict or failed
#   settle       Prometheus took it: go, or conflict, when somebody else's text had to be given back
#   restore      Prometheus refused it: go when the old text is back, else kept or unrestored
# Whoever may write in the directory can also stop or mislead this process: all that it can do is what
# that user can do anyway.

: "${path:?}" "${real:?}" "${digest?}" "${expected?}" "${temporary?}"
export LC_ALL=C
umask 077
directory=$(dirname -- "$real")
# None of these names ends in .yml: other tools read a directory's *.yml.
prefix="$directory/.$(basename -- "$real").pushgateway-lab."
backup="$real.before-pushgateway-lab"
previous=$temporary.previous

finish() {
    printf 'result %s\n' "$1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
    exit 0
}

sha256() { sha256sum | cut -d' ' -f1; }

has_digest() { [ "$(sha256 <"$1")" = "$2" ]; }

# The text that was replaced becomes the backup.
sweep() {
    for leftover in "$prefix"*; do
        case $leftover in
            *.previous) [ "$leftover" -ef "$real" ] || mv -fT -- "$leftover" "$backup" ;;
        esac
        rm -f -- "$leftover"
    done
}

is_as_expected() {
    if [ -e "$real" ]; then has_digest "$real" "$expected"; else [ "$expected" = absent ]; fi
}

# Nobody can read the new text who could not read the old one: the file is its owner's alone until it
# is like the original, and empty until then.
write() {
    is_as_expected || finish conflict
    temporary=$(mktemp -- "${prefix}XXXXXXXX" 2>&1) || finish failed "$temporary"
    copy_attributes
    words=$(base64 -d 2>&1 >"$temporary") || fail "$words"
    words=$(sync -- "$temporary" 2>&1) || fail "$words"
    has_digest "$temporary" "$digest" || fail "$temporary does not hold what was written"
    printf 'go\n%s\n' "$temporary"
}

fail() {
    sweep
    finish failed "$@"
}

# Owner, group, mode, ACL, extended attributes, SELinux context.
copy_attributes() {
    if [ ! -e "$real" ]; then
        chmod 0644 "$temporary"
        return
    fi
    words=$(cp --attributes-only --preserve=all -- "$real" "$temporary" 2>&1) || fail "$words"
    [ "$(access_to "$temporary")" = "$(access_to "$real")" ] ||
        fail "owner, mode or ACL of $real cannot be given to a new file by user $(id -u), to whom its \
directory belongs. Where that is not root, give the file to the same user and group: chown --reference=DIRECTORY FILE"
}

access_to() {
    # Where there is no getfacl, the + that ls puts behind the mode tells at least of an ACL.
    # shellcheck disable=SC2012 # find does not tell
    ls -ldn -- "$1" | awk '{print $1, $3, $4}'
    if command -v getfacl >/dev/null; then getfacl -cnp -- "$1" 2>/dev/null; fi
}

# Puts a file in the place of the real one. Where mv can exchange, what was displaced has its name then.
put() {
    if [ -n "$exchange" ] && mv "$exchange" -T -- "$1" "$real" 2>/dev/null; then return; fi
    words=$(mv -fT -- "$1" "$real" 2>&1)
}

find_exchange() {
    exchange=
    if mv --help | grep -q -e --exchange; then exchange=--exchange; fi
}

replace() {
    find_exchange
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
    echo go
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

settle() {
    find_exchange
    trap '' HUP INT PIPE TERM
    give_back_if_edited
    echo go
}

restore() {
    find_exchange
    trap '' HUP INT PIPE TERM
    has_digest "$real" "$digest" || finish kept
    put "$previous" || finish unrestored "$words"
    if [ -e "$previous" ]; then
        # It was an exchange, and shows whether somebody was faster.
        has_digest "$previous" "$digest" || { put "$previous"; finish kept; }
        rm -f -- "$previous"
    fi
    sync -- "$directory"
    echo go
}

case $1 in
sweep) sweep ;;
write) write ;;
replace) replace ;;
settle) settle ;;
restore) restore ;;
esac
