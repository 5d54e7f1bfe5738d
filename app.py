"""Vitrine: `python app.py` serves the page, `python app.py --share` with a public link."""

import os
import signal
import sys

from demo.serve import serve, stop

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    sys.exit(serve(os.environ, sys.argv[1:]))
