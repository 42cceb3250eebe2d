#!/bin/sh
# Waits until a Pushgateway has written deletions to its persistence file.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), file (the
# persistence file), jobs (the job labels of the deleted groups, one a line), interval (the Pushgateway's
# --persistence.interval in seconds) and most (the longest wait in seconds).
# Prints "saved"; or "left SECONDS", if the file still has one of the jobs and is written later than the wait ends.
# It changes nothing.

: "${mark:?}" "${file:?}" "${jobs:?}" "${interval:?}" "${most:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C

# The file holds the labels as plain bytes. A Pushgateway that has never written it has nothing to restore.
has_jobs() { [ -f "$file" ] && timeout 5 grep -qaF -e "$jobs" -- "$file"; }

end=$(($(date +%s) + most))
while has_jobs; do
    now=$(date +%s)
    # The Pushgateway writes a change at the earliest an interval after it has written the last one.
    left=$(($(stat -c %Y -- "$file" 2>/dev/null || echo "$now") + interval - now))
    [ "$left" -ge 1 ] || left=1
    if [ "$now" -ge "$end" ] || [ "$left" -gt "$most" ]; then
        echo "left $left"
        exit 0
    fi
    sleep 0.2
done
echo "saved"
