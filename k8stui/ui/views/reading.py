"""What the readers of one object have in common: read it, read it again when it changes, keep the place.

The object is the one that the spec's target names. A subscription to it alone tells when it changed; then it
is read whole. What was read stays on the screen when the object or the connection is gone, and says so.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from msgspec import structs

from k8stui.ui.latest import start_latest
from k8stui.ui.views.base import Title, View
from k8stui.ui.widgets.document.viewer import DocumentViewer

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.widget import Widget

    from k8stui.kube.catalog import Kind
    from k8stui.ui.session import Session
    from k8stui.ui.spec import Target, ViewSpec
    from k8stui.ui.widgets.lines import messages as line_messages

QUIET = 0.25
"""Seconds between a change and reading again: changes often come in bursts."""
LIMIT = 20.0
"""Seconds that reading an object may take."""
LARGE = 100_000
"""Bytes from which on an object is decoded beside the screen's loop."""


class Meant(NamedTuple):
    """What an action on this view means: the object that is read, as rows of tables give it."""

    metadata: Any


class Named(NamedTuple):
    """The names of an object."""

    name: str
    namespace: str
    uid: str
    owner_references: tuple[Any, ...] = ()


class ObjectView(View):
    """A reader of one object; the kinds of readers say what they make of it."""

    noun: ClassVar[str] = ""
    """What the title calls the view."""
    wanted_lines: ClassVar[int] = 16
    filter_forms: ClassVar[str] = "text or regex to find; n goes on, shift-n goes back, esc ends"

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__(spec, session)
        self.viewer = DocumentViewer(placeholder="Reading…")
        self.raw: dict[str, Any] | None = None
        """The object as the server sent it last."""
        self._kind: Kind | None = None
        self._subscription: Any = None
        self._read_from: Any = None
        self._version = ""
        self._timer: Timer | None = None
        self._problem = ""
        self._gone = False
        self._unwatched = ""

    def compose(self) -> ComposeResult:
        yield self.viewer

    def on_mount(self) -> None:
        self._start()

    # What the kinds of readers do

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> Any:
        """Read what else is needed and make of it what `present` shows. Raises KubeError."""
        raise NotImplementedError

    def present(self, prepared: Any) -> None:
        """Show it."""
        raise NotImplementedError

    # Reading

    def _start(self) -> None:
        """Subscribe and read, as soon as there is a cluster."""
        self.close()
        cluster, target = self.session.cluster, self.target
        self._read_from = cluster
        if target is None:
            self.viewer.placeholder = "Nothing is read here: `:` and a kind opens a table."
            return
        if cluster is None:
            self.viewer.placeholder = self.session.problem or f"{self.session.step}…"
            return
        self._kind = self.session.catalog.find(target.kind)
        if self._kind is None:
            if getattr(self.session.catalog, "is_complete", True):
                self._say(f"This server has no kind {target.kind!r}.")
            else:
                # Opened with the layout, before the kinds of the server are known.
                self._timer = self.set_timer(QUIET, self._start)
            return
        if self._kind.can("watch") or not self._kind.verbs:
            self._subscription = cluster.subscribe(
                self._kind,
                namespaces=(target.namespace,) if target.namespace else (),
                field_selector=f"metadata.name={target.name}",
                wake=self._woken,
            )
        self.read()

    def _woken(self) -> None:
        """The object changed, went, or came again."""
        subscription = self._subscription
        if subscription is None:
            return
        changes = subscription.take()
        found = list(subscription.collection.objects.values())
        phase = str(getattr(changes.state.phase, "value", changes.state.phase)).lower()
        self._unwatched = phase if phase in ("stale", "denied", "gone") else ""
        if phase == "live" and changes.state.next_try is not None:
            self._unwatched = "not watched, listed from time to time"
        if found:
            changed = getattr(found[0].metadata, "resource_version", "") != self._version
            if changed or self._gone:
                self._gone = False
                self.read_soon()
        elif phase == "live" and self.raw is not None:
            self._gone = True
        if self.is_attached:
            self.post_message(self.Changed(self))

    def read_soon(self) -> None:
        """Read again in a moment, once for all that changed until then."""
        if self._timer is None and self.is_attached:
            self._timer = self.set_timer(QUIET, self._read_now)

    def _read_now(self) -> None:
        self._timer = None
        self.read()

    def read(self) -> None:
        """Read the object now."""
        cluster, kind = self.session.cluster, self._kind
        if cluster is not None and kind is not None and self.is_attached:
            start_latest(self, "read", self._read, cluster, kind)

    async def _read(self, cluster: Any, kind: Kind) -> None:
        from k8stui.kube.errors import KubeError

        assert self.target is not None
        target = self.target
        path = kind.path(target.namespace, target.name)
        try:
            async with asyncio.timeout(LIMIT):
                answer = await cluster.connection.request("GET", path)
                prepared = await self.prepare(cluster, kind, answer.body)
        except KubeError as error:
            self._failed(error)
            return
        except TimeoutError:
            self._say(f"{target.label()} was not read within {LIMIT:.0f} s. ctrl-r reads it again.")
            return
        self._problem = ""
        self.present(prepared)
        self.post_message(self.Changed(self))

    def took(self, raw: dict[str, Any]) -> None:
        """The object was read: remember which state of it this is."""
        self.raw = raw
        metadata = raw.get("metadata") or {}
        self._version = str(metadata.get("resourceVersion", ""))
        self._gone = False

    def _failed(self, error: Any) -> None:
        if getattr(error, "code", 0) == 404 and self.raw is not None:
            self._gone = True
        self._say(error.sentence())

    def _say(self, sentence: str) -> None:
        """What went wrong: in the middle of an empty view, else in its title."""
        self._problem = sentence
        if self.raw is None:
            self.viewer.placeholder = sentence
            self.viewer.show_text(())
        self.post_message(self.Changed(self))

    def close(self) -> None:
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    # What others ask and tell

    @property
    def kind(self) -> Kind | None:
        return self._kind

    @property
    def objects(self) -> tuple[Any, ...]:
        """The object that is read."""
        target = self.target
        return () if target is None else (Meant(Named(target.name, target.namespace, target.uid)),)

    def follow(self, target: Target | None) -> None:
        """These views stay with their object."""

    def rescope(self) -> None:
        if self.session.cluster is not self._read_from:
            self._start()

    def title(self) -> Title:
        finder = self.viewer.finder
        notes = [finder.summary] if finder.pattern is not None else []
        scope = self.target.namespace if self.target is not None else ""
        if self._gone:
            state, trouble = "deleted", True
        elif self._problem:
            state, trouble = "failed" if self.raw is None else self._problem, True
        elif self._unwatched:
            state, trouble = "not live: " + self._unwatched, True
        else:
            state, trouble = self.state_text(), False
        return Title(self.noun, scope, "", (*notes, *self.notes()), state, trouble)

    def notes(self) -> tuple[str, ...]:
        """What the title says about how it is shown."""
        return ()

    def state_text(self) -> str:
        """What the title says on its right while all is well."""
        return "" if self.raw is None else "live"

    def focus_target(self) -> Widget:
        return self.viewer

    def set_filter(self, text: str) -> str:
        """`/` finds text here: a document without some of its lines would be another one."""
        self.spec = structs.replace(self.spec, filter=text)
        note = self.viewer.search(text)
        self.post_message(self.Changed(self))
        return note

    def on_matches_counted(self, event: line_messages.MatchesCounted) -> None:
        """The search has found more, or stands on another match."""
        event.stop()
        self.post_message(self.Changed(self))

    def clear(self) -> bool:
        if self.spec.filter:
            self.set_filter("")
            return True
        if self.viewer._anchor is not None:
            self.viewer.clear_selected()
            return True
        return False

    def copy_text(self) -> str:
        """The lines selected by keys, or all of them."""
        if self.viewer._anchor is not None:
            return self.viewer.copy_text("selected", raw=True)
        content = self.viewer.content
        return "".join(f"{content.text(index)}\n" for index in range(len(content)))
