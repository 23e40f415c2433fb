"""`python -m k8stui`: the same as the command `k8stui`."""

from k8stui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
