#!/bin/sh
# shellcheck disable=SC3013 # -ef is not in POSIX, but every sh of Debian and Ubuntu has it
#
# One phase of the transaction of replace-config.sh. It runs as the owner of the directory of the file.
#
# Its only argument is the phase. It needs these environment variables:
#   path, real   the path of the file, and the path that it resolves to
#   expected     SHA-256 of the text from which the new text was made, or "absent"
#   digest       SHA-256 of the new text
#   temporary    the name of the new file, which the phase "write" printed
#   suffix       what the name of the backup has after the name of the file
# Each phase prints "result WORD" and the reason, or "go" if the next phase may follow:
#   sweep        deletes temporary files of this run and of killed runs
#   write        writes the new text (standard input, as base64) to a file beside the old one; prints its name
#   replace      replaces the old file by the new one: go, conflict or failed
#   settle       after Prometheus has loaded it: go; or conflict, if somebody else's text was restored
#   restore      after Prometheus has rejected it: go if the old text is restored, else kept or unrestored
# Users who can write in the directory can also stop or mislead this process. They gain nothing: it has only
# the rights of the owner.

: "${path:?}" "${real:?}" "${digest?}" "${expected?}" "${temporary?}" "${suffix:=before-pushgateway-lab}"
export LC_ALL=C
umask 077
directory=$(dirname -- "$real")
# None of these names ends in .yml, because other tools read all *.yml files of a directory.
prefix="$directory/.$(basename -- "$real").pushgateway-lab."
backup="$real.$suffix"
previous=$temporary.previous

finish() {
    printf 'result %s\n' "$1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
    exit 0
}

sha256() { sha256sum | cut -d' ' -f1; }

has_digest() { [ "$(sha256 <"$1")" = "$2" ]; }

# The replaced text becomes the backup.
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

# Only users who could read the old text can read the new one: the new file stays empty and private until it
# has the owner and mode of the old file.
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

# Copies owner, group, mode, ACL, extended attributes and SELinux context.
copy_attributes() {
    if [ ! -e "$real" ]; then
        chmod 0644 "$temporary"
        return
    fi
    # The ACL that the directory has for new files: the cp in Rust would keep it, and open the file to its users.
    if command -v setfacl >/dev/null; then setfacl -b -- "$temporary" 2>/dev/null; fi
    words=$(cp --attributes-only --preserve=all -- "$real" "$temporary" 2>&1) || fail "$words"
    [ "$(access_to "$temporary")" = "$(access_to "$real")" ] ||
        fail "owner, mode or ACL of $real cannot be given to a new file by user $(id -u), to whom its \
directory belongs. Where that is not root, give the file to the same user and group: chown --reference=DIRECTORY FILE"
}

access_to() {
    # Without getfacl, the + after the mode in the output of ls still shows that there is an ACL.
    # shellcheck disable=SC2012 # find does not show it
    ls -ldn -- "$1" | awk '{print $1, $3, $4}'
    if command -v getfacl >/dev/null; then getfacl -cnp -- "$1" 2>/dev/null; fi
}

# Replaces the real file by another. If mv can exchange, the other name then has the old file.
put() {
    if [ -n "$exchange" ] && mv "$exchange" -T -- "$1" "$real" 2>/dev/null; then return; fi
    words=$(mv -fT -- "$1" "$real" 2>&1)
}

find_exchange() {
    exchange=
    # Not with grep -q, which reads no further: the mv in Rust complains about the closed pipe then.
    case $(mv --help) in
    *--exchange*) exchange=--exchange ;;
    esac
}

replace() {
    find_exchange
    # From here on, the script must finish, even if the connection breaks.
    trap '' HUP INT PIPE TERM
    if [ "$expected" = absent ]; then
        # Unlike mv, ln does not replace a file that has just appeared.
        words=$(ln -T -- "$temporary" "$real" 2>&1) || finish "$(conflict_or_failed)" "$words"
    else
        words=$(ln -T -- "$real" "$previous" 2>&1) || finish "$(conflict_or_failed)" "$words"
        has_digest "$previous" "$expected" || finish conflict
        [ "$(readlink -f -- "$path")" = "$real" ] || finish conflict
        # The last check starts no process, so the rename follows at once.
        [ "$real" -ef "$previous" ] || finish conflict
        put "$temporary" || finish failed "$words"
        give_back_if_edited
    fi
    sync -- "$directory"
    echo go
}

conflict_or_failed() { if is_as_expected; then echo failed; else echo conflict; fi; }

# Restores somebody else's text, if they wrote meanwhile: a new file that was displaced, or into the old file.
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
        # After an exchange, this name has the displaced file. If it is not our text, somebody else was faster.
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
