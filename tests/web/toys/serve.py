"""Serves the page with more files in its packages: `serve.py PACKAGE=FOLDER…` from the environment.

VITRINE_TOYS: `demo.tasks=/tmp/x/tasks;demo.web.tabs=/tmp/x/tabs`. Each folder is searched as if
its files lay in the package.
"""

import os
import signal
from importlib import import_module

from demo.i18n import strings
from demo.serve import serve, stop


def main() -> int:
    for pair in os.environ.pop("VITRINE_TOYS").split(";"):
        package, _, folder = pair.partition("=")
        import_module(package).__path__.append(folder)
    strings()["tab_brightness"] = {"en": "Brightness", "zh-CN": "亮度", "zh-TW": "亮度"}
    signal.signal(signal.SIGTERM, stop)
    return serve(os.environ, [])


if __name__ == "__main__":
    raise SystemExit(main())
