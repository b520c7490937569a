"""``python -m edgejson_bench`` is the command line."""

import sys

from edgejson_bench.cli import main

if __name__ == "__main__":
    sys.exit(main())
