"""Start the program; `pushgateway_lab.pruning.program.command` describes it."""

import sys

from pushgateway_lab.pruning.program.command import main

if __name__ == "__main__":
    sys.exit(main())
