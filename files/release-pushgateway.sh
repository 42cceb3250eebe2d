#!/bin/sh
# Lets the Pushgateway start again that was held while its package was being installed.
#
# Takes, as a shell variable set before it: hold (the drop-in that held it).

: "${hold:?}"
rm -f -- "$hold" && rmdir -- "$(dirname -- "$hold")" 2>/dev/null
systemctl daemon-reload
