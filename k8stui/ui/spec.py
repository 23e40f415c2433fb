"""What a pane shows, as data: enough to open it, to go back to it, and to keep it between runs.

Names only, never objects: a spec written today opens tomorrow against whatever the cluster then holds.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ViewType(StrEnum):
    """Which view shows a spec; `views.make_view` has a branch for each."""

    TABLE = "table"
    LOGS = "logs"
    CONTEXTS = "contexts"
    SHELL = "shell"
    YAML = "yaml"
    DESCRIBE = "describe"
    RELATIONS = "relations"
    ANATOMY = "anatomy"
    ROLLOUT = "rollout"
    FORWARDS = "forwards"
    JSONPATH = "jsonpath"
    EDITOR = "edit"
    STARTING = "starting"
    """Of no spec: what stands in a pane until the view of its spec is imported."""


class Link(StrEnum):
    """Whose selection a pane follows."""

    NONE = ""
    NODES = "nodes"
    PODS = "pods"
    ANY = "any"
    """The last thing selected anywhere: what an events pane follows."""


class Target(Struct, frozen=True):
    """An object that a pane is pointed at."""

    kind: str
    """Plural with group, as in `Kind.name`."""
    name: str
    namespace: str = ""
    uid: str = ""
    noun: str = ""
    """Singular of the kind, in lower case: `node`."""

    def label(self) -> str:
        """How a title names it: `node worker-2`."""
        return f"{self.noun or self.kind} {self.name}"


class ViewSpec(Struct, frozen=True):
    """One thing to show."""

    view: ViewType = ViewType.TABLE
    kind: str = ""
    """`Kind.name` for tables; empty for views that are about no kind."""
    namespaces: tuple[str, ...] | None = None
    """None: those in use, whatever they will be; (): all; else these."""
    label_selector: str = ""
    field_selector: str = ""
    owner: str = ""
    """uid of the owner whose objects are shown."""
    target: Target | None = None
    """What the view is about: the pod whose logs are read, the object one drilled down from."""
    query: str = ""
    """Which logs a logs view reads, in the language of `kube.logs.query`; empty: those of `target`. The path
    of a JSONPath view."""
    rows: ViewSpec | None = None
    """The table through whose rows the path of a JSONPath view is followed: its filter and order count."""
    marked: tuple[str, ...] = ()
    """uids of the rows that were marked there (empty: all it shows), or in this table when it was left."""
    container: str = ""
    draft: str = ""
    """Id of the draft that an editor shows."""
    node_log: str = ""
    """A log of the node that `target` is: `service:kubelet`, or a file; see `kube.logs.node`."""
    previous: bool = False
    filter: str = ""
    sort: str = ""
    """Name of the column; empty: the kind's own order."""
    reverse: bool = False
    wide: bool = False
    labels: tuple[str, ...] = ()
    """Labels that have a column each."""
    faults: bool = False
    shell: int = 0
    """Number of the shell that is shown; numbers end with the program."""
    cursor: str = ""
    """uid of the object under the cursor when the view was left."""


class PaneState(Struct, frozen=True):
    """One pane: what it shows, what it follows, and whether it stays there."""

    spec: ViewSpec
    link: Link = Link.NONE
    pinned: bool = False
    past: tuple[ViewSpec, ...] = ()
    """What was shown here before, the last at the end: the way back."""
