#!/bin/sh
# Opens a port in firewalls, and closes those that an earlier run opened.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (a file in a
# directory of root's), opens and closes (lists of words NAME:PORT). Needs the functions of notes.sh and firewalls.sh.
# A line of the note is "NAME PORT", for each port that this toolkit opened; it is written before the port is opened.
# On failure, it prints the words of the firewall and exits with 1.

: "${mark:?}" "${note:?}"
printf '\n%s\n' "$mark"
exec 2>&1
export LC_ALL=C
umask 077

begin_note "$note"
for each in ${opens:-}; do
    { noted "$note"; echo "${each%:*} ${each##*:}"; } | sort -u | write_note "$note" || exit 1
    said=$(firewall_open "${each%:*}" "${each##*:}" 2>&1) || { printf '%s\n' "$said" && exit 1; }
done
for each in ${closes:-}; do
    said=$(firewall_close "${each%:*}" "${each##*:}" 2>&1) || { printf '%s\n' "$said" && exit 1; }
    noted "$note" | grep -vxF "${each%:*} ${each##*:}" | write_note "$note" || exit 1
done
[ -s "$note" ] || rm -f -- "$note"
