"""Vitrine: `python app.py` serves the page, `python app.py --share` with a public link."""

import atexit
import os
import signal
import sys

from demo.serve import serve, stop

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    status = serve(os.environ, sys.argv[1:])
    # The interpreter's own end aborts where a thread is still inside torch, so that it is left out;
    # what is to happen at the end happens first.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
