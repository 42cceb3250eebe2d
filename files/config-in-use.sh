#!/bin/sh
# A function that finds the configuration file that Prometheus reads. This file is put before the scripts that use
# it. Needs the functions of whose.sh.

# Sets running_config to the configuration file that the command line of a running Prometheus names, if that is
# another file than a given one; else to the empty string. Two names of one file are the same file. Starts no
# program if the command line has no such flag, or the given path behind it.
#   $1 process id or 0; $2 the given path
find_running_config() {
    running_config=
    [ "$1" -gt 0 ] || return 0
    words=
    # The shell leaves out the NUL bytes between the words.
    { IFS= read -r words || :; } 2>/dev/null <"/proc/$1/cmdline"
    case $words in
    *--config.file="$2" | *--config.file="$2"--* | *--config.file"$2" | *--config.file"$2"--*) return 0 ;;
    *--config.file*) ;;
    *) return 0 ;;
    esac
    given=
    flag=
    while IFS= read -r word; do
        case $flag$word in
        --config.file) flag=$word= && continue ;;
        --config.file=?*) given=$flag$word && given=${given#*=} ;;
        esac
        flag=
    done <<WORDS
$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline")
WORDS
    [ -n "$given" ] || return 0
    real=$2
    follow "$2"
    named=$real
    running_config=$given
    # Relative to the directory of the process.
    [ "${given#/}" != "$given" ] || running_config=$(readlink "/proc/$1/cwd")/$given
    real=$running_config
    follow "$running_config"
    case $running_config in
    # No setting may have this form of a path.
    *//* | */./* | */../*) running_config=$real ;;
    esac
    [ "$real" != "$named" ] || running_config=
    real=
}
