#!/bin/sh
# Notes, before the Pushgateway's flags are written to a file of somebody else, what that file has and what it will get:
# for the uninstallation, which restores the first text, or takes only these flags back.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the file,
# in a directory of root's), before (SHA-256 of the text that the file has, or "absent"), after (SHA-256 of the text that
# it will get), added and taken (the flags that the new text has and the old one has not, and the reverse; lists of
# base64 words). The old text comes on standard input as base64. Needs the functions of notes.sh.
# A line of the note is "NAME VALUE": first (a digest, or "absent") and text (base64) of the file before the first
# change, written (the digest after the last one), added and taken (a flag as base64; any number of lines), and
# edited, if somebody else changed the file between two changes.

: "${mark:?}" "${note:?}" "${before:?}" "${after:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C
umask 077
begin_note "$note"
first=$before
written=
edited=
flags=
text=$(cat)
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
