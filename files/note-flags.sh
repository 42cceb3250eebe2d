#!/bin/sh
# Notes a change of the flags of a server: for a run that takes it back, and for the uninstallation.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), action (begin, back
# or settle), unfinished (the file for the change until it is settled, in a directory of root's) and note (the file for
# the uninstallation, in the same directory; empty for a drop-in of this toolkit). To begin, also: file (the file with the
# flags), before (SHA-256 of its old text, or "absent"), after (SHA-256 of its new text, or "absent"), ran (yes or
# nothing: whether the server ran with the old text), service (its service), resumes (yes: a killed run left a change of this file unfinished, so
# its note is taken back first), added and taken (the flags that the new text has and the old one has not, and the
# reverse; lists of base64 words). The old text comes on standard input as base64. Needs the functions of notes.sh and of a
# service manager.
#
# begin: before the file is written. back: before the old text is written again, the note gets its old text. settle: the
# server runs with the new text, or has its old text again.
# A line of the unfinished change is "NAME VALUE": file (base64), written (the digest of the new text, or "absent"), old
# (the old text as base64, or "absent"), ran (yes; held, if the service was prevented from starting; or nothing) and noted (the old text of the note as base64, or "absent").
# A line of the note is "NAME VALUE": first (a digest, or "absent") and text (base64) of the file before the first
# change, written (the digest after the last one), added and taken (a flag as base64; any number of lines), and
# edited, if somebody else changed the file between two changes. The uninstallation restores the first text, or takes only
# these flags back.

: "${mark:?}" "${action:?}" "${unfinished:?}" "${note=}"
printf '\n%s\n' "$mark"
export LC_ALL=C
umask 077

begin() {
    : "${file:?}" "${before:?}" "${after:?}" "${service:?}"
    begin_note "$unfinished"
    old=$(cat)
    if [ -n "${resumes:-}" ]; then
        if [ -z "${ran:-}" ] && grep -qx 'ran held' "$unfinished"; then ran=held; fi
        take_note_back
    fi
    if service_is_held "$service"; then ran=held; fi
    noted=absent
    if [ -n "$note" ] && [ -f "$note" ]; then noted=$(base64 -w0 -- "$note"); fi
    old_or_absent=$old
    [ "$before" != absent ] || old_or_absent=absent
    printf 'file %s\nwritten %s\nold %s\nran %s\nnoted %s\n' \
        "$(printf '%s' "$file" | base64 -w0)" "$after" "$old_or_absent" "${ran:-}" "$noted" |
        write_note "$unfinished" || exit 1
    [ -z "$note" ] || write_flags_note
}

write_flags_note() {
    first=$before
    written=
    edited=
    flags=
    text=$old
    if [ -f "$note" ]; then
        while read -r name value; do
            case $name in
            first) first=$value ;;
            text) text=$value ;;
            written) written=$value ;;
            edited) edited=yes ;;
            added | taken) flags="$flags$name $value
" ;;
            esac
        done <"$note"
        case $before in
        "$written" | "$first") ;;
        *) edited=yes ;;
        esac
    fi
    {
        printf 'first %s\ntext %s\nwritten %s\n%s' "$first" "$text" "$after" "$flags"
        for each in ${added:-}; do echo "added $each"; done
        for each in ${taken:-}; do echo "taken $each"; done
        [ -z "$edited" ] || echo "edited yes"
    } | write_note "$note"
}

take_note_back() {
    [ -n "$note" ] && [ -f "$unfinished" ] || return 0
    while read -r name value; do
        case $name.$value in
        noted.absent) rm -f -- "$note" ;;
        noted.*) printf '%s' "$value" | base64 -d | write_note "$note" || exit 1 ;;
        esac
    done <"$unfinished"
}

settle() {
    rm -f -- "$unfinished"
    rmdir -- "${unfinished%/*}" 2>/dev/null || :
}

case $action in
begin) begin ;;
back)
    begin_note "$unfinished"
    take_note_back
    ;;
settle) settle ;;
esac
