"""What the messages of an empty table speak of: its kind, where it looks, what it follows, and namespaces
that there are not. It reads names and asks the cluster for them; it decides nothing about rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.commands import closest
from k8stui.ui.widgets.table.states import Subject

if TYPE_CHECKING:
    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.ui.backend import ClusterLike
    from k8stui.ui.spec import Target


def noun_of(kind: Kind, catalog: Catalog) -> str:
    """What a table of a kind is called: `pods`; with its group where that word means another kind."""
    return kind.plural if catalog.find(kind.plural) in (kind, None) else kind.name


def subject_of(
    kind: Kind, noun: str, namespaces: tuple[str, ...], target: Target | None, missing: str = ""
) -> Subject:
    """The subject of a table of a kind; `missing` is what `missing_namespace` has found out."""
    follows = Subject().follows if target is None else target.label()
    if not kind.namespaced:
        return Subject(noun, follows=follows, denied_hint="Ask for the right to list them.")
    scope, hint = "in all namespaces", ""
    if namespaces:
        scope = f"in namespace{'s' * (len(namespaces) > 1)} {', '.join(namespaces)}"
        hint = f"{missing} 0 shows all namespaces.".lstrip()
    return Subject(noun, scope, hint, follows)


async def missing_namespace(cluster: ClusterLike, names: tuple[str, ...]) -> tuple[str, str]:
    """The first of these that there is not, and a sentence about it; empty where all are, or none can say."""
    from k8stui.kube.errors import KubeError

    try:
        visible = await cluster.visible_namespaces(names)
    except KubeError:
        return "", ""
    gone = [name for name in names if name not in visible.names]
    if not visible.complete or not gone:
        return "", ""
    near = closest(gone[0], visible.names)
    hint = f" Did you mean {near!r}?" if near else ""
    return gone[0], f"There is no namespace {gone[0]!r}.{hint}"
