#!/bin/sh
# Stops the prune, and deletes its units and files in directories in which only root can write.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service and timer
# (their names), files (paths, one a line) and kept (paths of other files of this toolkit, one a line). Needs the
# functions of own-files.sh and of a service manager.
# Prints each file and directory that it did not delete, one a line, with control characters escaped.

: "${mark:?}" "${service:?}" "${timer:?}" "${files:?}" "${kept:?}"
printf '\n%s\n' "$mark"
exec 2>&1
export LC_ALL=C
set -f

# Succeeds if a directory has no files but those that are kept.   $1 the directory
only_kept() {
    set +f
    for each in "$1"/* "$1"/.[!.]*; do
        [ -e "$each" ] || [ -L "$each" ] || continue
        case "
$kept
" in
        *"
$each
"*) ;;
        *) set -f && return 1 ;;
        esac
    done
    set -f
}

timer_disable "$timer"
timer_stop "$timer" "$service"
# No pathname expansion: the list has our own file names, which have no blanks.
for file in $files; do
    # A subshell, because enter changes the directory. A run that was killed may have left a directory.
    (! [ -d "${file%/*}/$NEW" ] || { enter "${file%/*}" && rm -rf --one-file-system -- "$NEW"; })
    [ -e "$file" ] || [ -L "$file" ] || continue
    (enter "${file%/*}" && rm -f -- "${file##*/}") || echo "$file"
done
for directory in /etc/pushgateway-lab /usr/local/lib/pushgateway-lab; do
    [ -e "$directory" ] || [ -L "$directory" ] || continue
    rmdir -- "$directory" 2>/dev/null && continue
    only_kept "$directory" && continue
    # shellcheck disable=SC2012 # for people; -b escapes control characters in names
    printf '%s: %s\n' "$directory" "$(ls -Am -b -- "$directory" 2>/dev/null | head -c 1000)"
done
service_drop_ins "$service" "$timer"
timer_forget "$timer" "$service"
exit 0
