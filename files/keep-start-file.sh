#!/bin/sh
# Keeps a copy of a configuration file, which only root can read, because the file may have passwords.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and start_file
# (the path of the copy, in a directory of root's). Needs the functions of secret-lines.sh. On standard input come the digest
# (SHA-256 of the text), see secret-lines.sh, and the text as base64. The copy is replaced in one step.

: "${mark:?}" "${start_file:?}"
umask 077
digest=
read_secrets
printf '\n%s\n' "$mark"
mkdir -p -- "${start_file%/*}" && base64 -d >"$start_file.new" || exit 1
read -r written _ <<SUM
$(sha256sum <"$start_file.new")
SUM
[ "$written" = "${digest:?}" ] || {
    rm -f -- "$start_file.new"
    echo "The text arrived incomplete."
    exit 1
}
mv -fT -- "$start_file.new" "$start_file"
