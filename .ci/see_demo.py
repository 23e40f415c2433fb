"""Run the README's demo command in a real terminal, wait for live pods, and quit as a user does."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.pty_program import PtyProgram


def main(command: str) -> None:
    """Raises TimeoutError with the screen when the demo cluster does not come up."""
    with tempfile.TemporaryDirectory() as home:
        # whoever uses this machine may have a layout and settings of their own
        fresh = {"K8STUI_STATE": f"{home}/state", "K8STUI_CONFIG": f"{home}/settings.toml"}
        with PtyProgram(["bash", "-euc", command], columns=160, lines=50, env=fresh) as program:
            program.wait_for_text(r"(?s)nodes.*pods.*Running", timeout=300)
            print(program.text())
            program.send(":q\r")
            print("exit code", program.process.wait(20))
            if program.process.returncode:
                raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1])
