"""What is left of an unexpected error: a file for a bug report, and one sentence for the user.

The file has the places in the code and the kind of error. Values of variables are left out: they may be
secrets of a cluster.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from k8stui import __version__


def write_crash(error: BaseException | None, folder: Path | None, what: str = "ended the program") -> str:
    """Write the file (0600) and return the sentence, which says `what` the error did. Never raises."""
    kind = type(error).__name__ if error is not None else "unknown error"
    text = "".join(
        [
            f"k8stui {__version__}, Python {platform.python_version()}, {sys.platform}, ",
            f"{datetime.now(UTC).isoformat(timespec='seconds')}\n",
            *(traceback.format_tb(error.__traceback__) if error is not None else ()),
            f"{kind}\n",
        ]
    )
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None:
            continue
        path = place / f"crash-{os.getpid()}.txt"
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
        except OSError:
            continue
        return f"an unexpected error {what} ({kind}); what is known of it is in {path}"
    return f"an unexpected error {what} ({kind})"
