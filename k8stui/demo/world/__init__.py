"""What lives in the simulated cluster: an imagined shop, its machines, and everything that can go wrong.

`populate` fills a store. The same seed and moment give the same cluster, object by object.
This package makes objects and texts; it runs nothing (that is `demo.controllers`) and serves nothing.
"""

from __future__ import annotations

from k8stui.demo.world.build import build_world, populate

__all__ = ["build_world", "populate"]
