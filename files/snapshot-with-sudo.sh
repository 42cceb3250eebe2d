#!/bin/sh
# Runs the snapshot with sudo, and tells when sudo refuses, instead of failing.
#
# Takes, as shell variables set before it: snapshot (a shell script, which prints the mark itself), mark,
# sudo_user (empty: root).
# pyinfra asks for a password as soon as sudo wants one, and breaks where nobody can answer.

: "${snapshot:?}" "${mark:?}"
{
    # Standard output goes past the substitution, so that only what sudo says is caught.
    # shellcheck disable=SC2154 # sudo_user is set by the caller, to nothing for root
    refusal=$(sudo -H -n ${sudo_user:+-u "$sudo_user"} sh -c "$snapshot" 2>&1 1>&3 3>&-) && exit 0
} 3>&1
printf '\n%s\n' "$mark"
echo "snapshot 3"
printf 'uid %s\n' "$(id -u)"
printf 'user %s\n' "$(id -un)"
printf 'sudo_refused %s\n' "$(printf '%s' "$refusal" | base64 -w0)"
echo "end"
exit 0
