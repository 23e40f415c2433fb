"""The relations of an object as a tree: who owns it and what it owns, with the health of each.

`Tree` asks a world (`kube.relations.Reader`, or anything of its shape) for objects and builds entries of what
it gets; what is not known yet or may not be seen is an entry that says so. Pure: the same world gives the
same tree, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import Struct, field

from k8stui.kinds.describe.common import Raw, dig, items
from k8stui.kinds.describe.lines import Ref
from k8stui.kinds.relations.health import Health, health
from k8stui.kinds.tables.printing import Tone
from k8stui.kube.relations import LOADING, Found, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from k8stui.kube.catalog import Catalog, Kind

MOST_ENTRIES = 100
"""Entries of one list; the rest is counted."""
MOST_BELOW = 400
"""Entries below an object, all together."""
DEEPEST = 6
"""Owners above an object, and owned ones below it, that are followed."""

PODS = "pods"
JOBS = "jobs.batch"
REPLICA_SETS = "replicasets.apps"
SERVICES = "services"
SLICES = "endpointslices.discovery.k8s.io"
INGRESSES = "ingresses.networking.k8s.io"
POLICIES = "networkpolicies.networking.k8s.io"
AUTOSCALERS = "horizontalpodautoscalers.autoscaling"
BUDGETS = "poddisruptionbudgets.policy"

CHILDREN: dict[str, tuple[str, ...]] = {
    "deployments.apps": (REPLICA_SETS,),
    REPLICA_SETS: (PODS,),
    "replicationcontrollers": (PODS,),
    "statefulsets.apps": (PODS,),
    "daemonsets.apps": (PODS,),
    JOBS: (PODS,),
    "cronjobs.batch": (JOBS,),
    SERVICES: (),
    PODS: (),
}
"""What the controllers of Kubernetes make of a kind."""
MADE = (
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    JOBS,
    "cronjobs.batch",
    REPLICA_SETS,
    PODS,
    SERVICES,
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "serviceaccounts",
)
"""What an operator may make of an object of a kind of its own, besides others of its API group."""
MOST_SIBLINGS = 12
"""Kinds of an operator's group that are looked through."""
_BUILTIN_GROUPS = ("", "apps", "batch", "autoscaling", "policy", "extensions", "events.k8s.io")


class Entry(Struct):
    """One object in the tree."""

    noun: str
    """`pod`, `replicaset`; empty for a line that is about no object."""
    name: str
    ref: Ref | None = None
    uid: str = ""
    text: str = ""
    """How it is."""
    tone: Tone = Tone.OK
    note: str = ""
    """How it belongs here: `env DB_URL in web`."""
    here: bool = False
    """It is the object whose relations are shown."""
    children: list[Entry] = field(default_factory=list)


class Section(Struct):
    """One way of belonging together."""

    title: str
    entries: list[Entry]


Made = TypeVar("Made")
Pausing = Generator[None, None, Made]
"""Work that makes something, with places where who asked for it may do something else first."""


class World(Protocol):
    """Where objects come from: `kube.relations.Reader`."""

    @property
    def catalog(self) -> Catalog: ...
    def all(self, query: Query, where: Callable[[Any], bool] | None = None) -> Found: ...
    def one(self, kind: str, namespace: str, name: str, *, alone: bool = True) -> Found: ...
    def owned(self, query: Query, uid: str) -> Found: ...
    def users(self, query: Query, kind: str, namespace: str, name: str) -> Found: ...


def remark(text: str, tone: Tone = Tone.MUTED) -> Entry:
    """A line that is about no object."""
    return Entry("", "", text=text, tone=tone)


class Tree:
    """Builds the entries around one object."""

    def __init__(self, world: World, kind: Kind, raw: Raw, now: datetime) -> None:
        self.world = world
        self.kind = kind
        self.raw = raw
        self.now = now
        self.name = str(dig(raw, "metadata", "name", default=""))
        self.namespace = str(dig(raw, "metadata", "namespace", default=""))
        self.uid = str(dig(raw, "metadata", "uid", default=""))
        self._room = MOST_BELOW

    # Entries

    def noun(self, kind: str) -> str:
        """The singular of a kind."""
        found = self.world.catalog.find(kind)
        if found is None:
            return kind.partition(".")[0].removesuffix("s")
        return (found.singular or found.kind).lower()

    def entry(self, kind: str, obj: Any, columns: Sequence[Any] = (), note: str = "") -> Entry:
        """The entry of an object."""
        meta = obj.metadata
        found = self.world.catalog.find(kind)
        how = Health()
        if found is not None:
            how = health(found.group, found.plural, obj, columns, self.now)
        if meta.deletion_timestamp is not None and "Terminating" not in how.text:
            how = Health(", ".join(filter(None, ("Terminating", how.text))), Tone.BUSY)
        ref = Ref(kind, meta.name, meta.namespace)
        return Entry(self.noun(kind), meta.name, ref, meta.uid, how.text, how.tone, note)

    def named(
        self,
        kind: str,
        namespace: str,
        name: str,
        *,
        note: str = "",
        optional: bool = False,
        alone: bool = False,
    ) -> Entry:
        """The entry of an object that another one names, whether it exists or not."""
        found = self.world.one(kind, namespace, name, alone=alone)
        obj = found.object
        if obj is not None:
            return self.entry(kind, obj, found.columns, note)
        entry = Entry(self.noun(kind), name, Ref(kind, name, namespace), note=note)
        if found.state == LOADING:
            entry.text, entry.tone = LOADING, Tone.MUTED
        elif found.state:
            entry.text, entry.tone = f"not seen: {found.state}", Tone.MUTED
        elif optional:
            entry.text, entry.tone = "does not exist (optional)", Tone.MUTED
        else:
            entry.text, entry.tone = "does not exist", Tone.ERROR
        return entry

    def entries(
        self, kind: str, found: Found, objects: Sequence[Any] | None = None, most: int = MOST_ENTRIES
    ) -> list[Entry]:
        """Entries of what was found, those that are not seen being told of."""
        chosen = found.objects if objects is None else objects
        made = [self.entry(kind, obj, found.columns) for obj in chosen[:most]]
        if len(chosen) > most:
            more = f"{len(chosen) - most:,}"
            made.append(remark(f"and {more} more" if made else f"{more} {kind.partition('.')[0]}"))
        return [*made, *self.unseen(kind, found)]

    def unseen(self, kind: str, found: Found) -> list[Entry]:
        """A line where objects of a kind may be missing."""
        if not found.state or self.world.catalog.find(kind) is None:
            return []
        plural = kind.partition(".")[0]
        if found.state == LOADING:
            return [remark(f"{plural}: {LOADING}")]
        return [remark(f"{plural} are not seen: {found.state}", Tone.WARN)]

    # The family

    def family(self) -> Pausing[Section]:
        """The owners from the top, the object, and what it owns."""
        me = self.entry_of_root()
        me.here = True
        me.children = yield from self.below(self.kind.name, self.namespace, self.uid, self.raw_labels(), 0)
        top = me
        others: list[Entry] = []
        owners: list[Any] = [_owner(each) for each in items(self.raw, "metadata", "ownerReferences")]
        namespace = self.namespace
        for _ in range(DEEPEST):
            if not owners:
                break
            managing = next((each for each in owners if each[3]), owners[0])
            others += [self._owner_entry(each, namespace)[0] for each in owners if each is not managing]
            above, obj = self._owner_entry(managing, namespace)
            above.children = [top]
            top = above
            owners = [] if obj is None else [_owner_of(each) for each in obj.metadata.owner_references]
            namespace = "" if above.ref is None else above.ref.namespace
        for other in others:
            other.note = "another owner"
        return Section("Family", [top, *others])

    def entry_of_root(self) -> Entry:
        """The entry of the object itself."""
        found = self.world.one(self.kind.name, self.namespace, self.name)
        if found.object is not None:
            return self.entry(self.kind.name, found.object, found.columns)
        ref = Ref(self.kind.name, self.name, self.namespace)
        return Entry(self.noun(self.kind.name), self.name, ref, self.uid)

    def raw_labels(self) -> dict[str, str]:
        """The labels that select what is below the object, as far as they are plain."""
        selector = dig(self.raw, "spec", "selector", default={})
        labels = selector.get("matchLabels", {}) if "matchLabels" in selector else {}
        return {str(key): str(value) for key, value in labels.items()}

    def _owner_entry(self, owner: tuple[str, str, str, bool], namespace: str) -> tuple[Entry, Any]:
        api_version, kind_name, name, _ = owner
        kind = self.world.catalog.for_object(api_version, kind_name)
        if kind is None:
            text = f"this server has no {kind_name} ({api_version})"
            return Entry(kind_name.lower(), name, text=text, tone=Tone.MUTED), None
        where = namespace if kind.namespaced else ""
        found = self.world.one(kind.name, where, name)
        return self.named(kind.name, where, name, alone=True), found.object

    def below(
        self, kind: str, namespace: str, uid: str, labels: dict[str, str], depth: int
    ) -> Pausing[list[Entry]]:
        """What an object owns, and what that owns."""
        if depth >= DEEPEST or not uid:
            return []
        made: list[Entry] = []
        for child in self.children_of(kind):
            found = self.world.owned(self.child_query(kind, child, namespace, labels), uid)
            objects = sorted(found.objects, key=_latest_first) if child in (JOBS, REPLICA_SETS) else None
            rows = self.entries(child, found, objects, min(MOST_ENTRIES, self._room))
            self._room = max(0, self._room - len(rows))
            yield
            for row in rows:
                if row.ref is not None:
                    row.children = yield from self.below(child, namespace, row.uid, labels, depth + 1)
            if kind in CHILDREN:
                made += rows
            else:
                made += [row for row in rows if row.ref is not None or row.tone is Tone.WARN]
        return made

    def children_of(self, kind: str) -> tuple[str, ...]:
        """The kinds that may be owned by a kind."""
        if kind in CHILDREN:
            return CHILDREN[kind]
        found = self.world.catalog.find(kind)
        if found is None or found.group in _BUILTIN_GROUPS or found.group.endswith(".k8s.io"):
            return ()
        siblings = [
            each.name
            for each in self.world.catalog.preferred
            if each.group == found.group and each.namespaced and each.can("list")
        ]
        return (*MADE, *siblings[:MOST_SIBLINGS])

    @staticmethod
    def child_query(kind: str, child: str, namespace: str, labels: dict[str, str]) -> Query:
        """Where to look for what a kind owns: the selector narrows it where nothing is held yet."""
        if child == PODS and kind in CHILDREN and labels:
            selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
            return Query(child, namespace, selector)
        return Query(child, namespace)


def _owner(raw: Raw) -> tuple[str, str, str, bool]:
    controls = bool(raw.get("controller"))
    return str(raw.get("apiVersion", "")), str(raw.get("kind", "")), str(raw.get("name", "")), controls


def _owner_of(owner: Any) -> tuple[str, str, str, bool]:
    return owner.api_version, owner.kind, owner.name, bool(owner.controller)


def _latest_first(obj: Any) -> tuple[float, str]:
    created = obj.metadata.creation_timestamp
    return (-created.timestamp() if created is not None else 0.0, obj.metadata.name)
