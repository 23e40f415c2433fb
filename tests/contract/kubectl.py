"""Real kubectls, for the tests that run them against the simulated cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


def kubectls() -> list[object]:
    """The newest kubectl; with K8STUI_TEST_OLD_KUBECTL the oldest beside the one on the PATH too.

    Each run of a kubectl costs half a second of processor time: the default run takes one of them.
    """
    newest = Path(sys.executable).with_name("kubectl")
    found: list[object] = [pytest.param(str(newest), id="newest")]
    if not os.environ.get("K8STUI_TEST_OLD_KUBECTL"):
        return found
    on_path = shutil.which("kubectl", path=os.defpath + os.pathsep + os.environ.get("PATH", ""))
    if on_path:
        folder = Path(on_path).resolve().parent
        older = [path for path in folder.glob("kubectl.1.*") if re.fullmatch(r"\d+", path.suffix[1:])]
        older.sort(key=lambda path: int(path.suffix[1:]))
        if older:
            found.append(pytest.param(str(older[0]), id=f"1{older[0].suffix}"))
    return found


@dataclass(frozen=True)
class Kubectl:
    """One kubectl, one kubeconfig, one namespace."""

    program: str
    kubeconfig: Path
    namespace: str
    context: str = "demo"

    @property
    def is_old(self) -> bool:
        """Whether it is not the newest one."""
        return "kubectl." in self.program

    def run(
        self, *arguments: str, text: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it; the caller judges the exit code."""
        home = str(self.kubeconfig.parent)
        names = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "KUBECONFIG": str(self.kubeconfig)}
        command = [self.program, "--context", self.context, "-n", self.namespace, *arguments]
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=90,
            env=names | environment,
            check=False,
        )

    def __call__(self, *arguments: str, text: str | None = None, **environment: str) -> str:
        """Run it; it must succeed. Returns what it printed."""
        done = self.run(*arguments, text=text, **environment)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fails(self, *arguments: str, text: str | None = None) -> str:
        """Run it; it must fail. Returns its complaint."""
        done = self.run(*arguments, text=text)
        assert done.returncode != 0, done.stdout
        return done.stderr
