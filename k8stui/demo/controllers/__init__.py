"""What keeps the simulated cluster alive: small controllers, a scheduler and a kubelet, on one task.

They work on the store alone, level-triggered: each looks at what is there now and moves it one step towards
what is wanted. None of them serves a request, and an idle cluster costs them almost nothing.
"""

from __future__ import annotations

from k8stui.demo.controllers.run import run_controllers

__all__ = ["run_controllers"]
