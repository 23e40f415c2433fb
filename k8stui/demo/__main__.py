"""`python -m k8stui.demo`: the same as `k8stui demo-server`."""

from __future__ import annotations

import sys

from k8stui.demo.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
