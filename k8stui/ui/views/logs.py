"""The logs of a pod: the one that is selected elsewhere, or one that the pane was opened for; or of a query.

It owns the reading of the logs, which ends when the view goes or is pointed at another pod. Lines that were
read stay on the screen when the pod is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import structs

from k8stui.ui.spec import Link, Target, ViewSpec, ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.log_news import LogNews
from k8stui.ui.widgets.line_viewer import LineViewer

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.ui.session import Session
    from k8stui.ui.widgets import line_messages


WAITING = "Select a pod to read its logs."


class LogsView(View):
    """Lines of a pod's containers."""

    view_type: ClassVar[ViewType] = ViewType.LOGS

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__(spec, session)
        settings = session.settings.logs
        self.viewer = LineViewer(
            follow=True,
            wrap=settings.wrap,
            timestamps=settings.timestamps,
            sources=False,
            source_label=self._label,
            placeholder=WAITING,
        )
        self._logs: Any = None
        self._reader: Any = None
        self._buffer: Any = None
        self._read_from: Any = None
        self._news: LogNews | None = None
        self._problem = ""
        self._counted = ""
        self._behind = 0

    def compose(self) -> ComposeResult:
        yield self.viewer

    def on_mount(self) -> None:
        if self.spec.filter:
            self.viewer.set_filter(self.spec.filter)
        self._read()

    # Reading

    def _read(self) -> None:
        """Read the logs of what the view is pointed at, from the start."""
        self._stop()
        target, cluster = self.target, self.session.cluster
        self._read_from = cluster
        if (target is None and not self.spec.query) or cluster is None:
            self.viewer.placeholder = WAITING
            self.viewer.show_text(())
            self.viewer.following = True
            return
        from k8stui.kube.log_buffer import LogBuffer

        name = self.spec.query or (f"{target.namespace}/{target.name}" if target else "")
        past = "The logs before the last restart of" if self.spec.previous else "The logs of"
        self.viewer.placeholder = f"{past} {name} have no lines yet."
        self._buffer = LogBuffer(max_lines=self.session.settings.logs.lines_kept)
        self._reader = self._buffer.subscribe(self._woken)
        self._problem = ""
        self.viewer.set_source(self._buffer)
        self.viewer.set_following(True)
        if target is None or self.spec.query:
            self.viewer.set_sources(True)
            reading = self._follow_query(cluster, self._buffer)
        else:
            reading = self._follow(target, cluster)
        self.run_worker(reading, group="logs", exclusive=True, exit_on_error=False)
        self._news = LogNews(cluster, "" if target is None else target.uid, lambda: self._logs)

    def _label(self, source: Any) -> str:
        if not self.spec.query:
            return str(source.container)
        return f"{source.pod} {source.container}".strip() if source.pod else ""

    async def _follow_query(self, cluster: Any, buffer: Any) -> None:
        """All pods that the query selects, as they come and go."""
        from k8stui.kinds.log_filters import LineFilter
        from k8stui.kube.errors import KubeError
        from k8stui.kube.log_group import LogGroup
        from k8stui.kube.log_query import QueryError, parse_query
        from k8stui.kube.logs import TAIL

        try:
            query = parse_query(self.spec.query)
            logs = LogGroup(
                cluster,
                query,
                namespaces=self.session.namespaces,
                tail=None if query.since else TAIL,
                accepts=LineFilter(query) if query.filters_lines else list,
                on_change=self._streams_changed,
            )
            self._logs = logs
            await logs.run(buffer.extend)
        except (KubeError, QueryError, ExceptionGroup) as error:
            sentence = getattr(error, "sentence", None)
            self._problem = sentence() if sentence is not None else str(error)
            self.viewer.placeholder = self._problem
            self.viewer.wake()
        self.post_message(self.Changed(self))

    def _streams_changed(self) -> None:
        self.post_message(self.Changed(self))

    async def _follow(self, target: Target, cluster: Any) -> None:
        from k8stui.kube.errors import KubeError
        from k8stui.kube.logs import PodLogs

        try:
            logs = PodLogs(
                cluster.connection,
                target.namespace,
                target.name,
                target.uid,
                containers=(self.spec.container,) if self.spec.container else (),
                previous=self.spec.previous,
                on_status=lambda status: self._status_changed(),
            )
            self._logs = logs
            await logs.run(self._buffer)
        except KubeError as error:
            self._problem = error.sentence()
            self.viewer.placeholder = self._problem
            self.viewer.wake()
        self.post_message(self.Changed(self))

    def _woken(self) -> None:
        """The buffer has something new."""
        if self._reader is not None:
            self._reader.take()
        self.viewer.wake()

    def _status_changed(self) -> None:
        statuses = self._logs.statuses if self._logs is not None else ()
        several = len({status.source.container for status in statuses}) > 1
        if several != self.viewer.painter.sources:
            self.viewer.set_sources(several)
        self.post_message(self.Changed(self))

    def _stop(self) -> None:
        if self.is_attached:
            self.workers.cancel_group(self, "logs")
        if self._reader is not None:
            self._reader.close()
        if self._news is not None:
            self._news.close()
        self._reader = self._logs = self._buffer = self._news = None

    def close(self) -> None:
        self._stop()

    # What others ask and tell

    @property
    def link(self) -> Link:
        return Link.NONE if self.spec.query else Link.PODS

    def follow(self, target: Target | None) -> None:
        """Be pointed at another pod; at the same one, go on reading."""
        if self.spec.query or (target is not None and target.kind != "pods"):
            return
        same = target is not None and self.target is not None and target.uid == self.target.uid
        if same or target == self.target:
            return
        self.target = target
        self.spec = structs.replace(self.spec, container="", previous=False)
        self._read()
        self.post_message(self.Changed(self))

    def rescope(self) -> None:
        if self.session.cluster is not self._read_from:
            self._read()

    def title(self) -> Title:
        state, trouble = self._state()
        notes = ["previous"] if self.spec.previous else []
        if self.spec.query:
            notes.append(self.spec.query)
        if self.spec.container:
            notes.append(self.spec.container)
        if self.spec.filter:
            notes.append(f"/{self.spec.filter}{self._counted}")
        return Title("logs", "", "", tuple(notes), state, trouble)

    def _state(self) -> tuple[str, bool]:
        """Whether lines come, in a few words: quiet and broken look different."""
        if self.target is None and not self.spec.query:
            return "", False
        if self._problem:
            return "failed", True
        if not self.viewer.following:
            more = f", {self._behind:,} new" if self._behind else ""
            return f"paused{more}", False
        statuses = self._logs.statuses if self._logs is not None else ()
        states = [str(status.following.value) for status in statuses]
        if "broken" in states:
            return "broken, trying again", True
        if "open" in states:
            return f"following{self._streams()}", False
        if states and all(state == "ended" for state in states):
            return "ended", False
        return "waiting", False

    def _streams(self) -> str:
        """How many streams of a query are open, and how many wait for a place."""
        pool = getattr(self._logs, "pool", None)
        if pool is None:
            return ""
        queued = f", {len(pool.waiting)} queued" if pool.waiting else ""
        return f" {pool.open} streams{queued}" if pool.open != 1 else f" 1 stream{queued}"

    def focus_target(self) -> Widget:
        return self.viewer

    def set_filter(self, text: str) -> str:
        self.spec = structs.replace(self.spec, filter=text)
        note = self.viewer.set_filter(text)
        self.post_message(self.Changed(self))
        return note

    def clear(self) -> bool:
        if self.spec.filter:
            self.set_filter("")
            return True
        return False

    def copy_text(self) -> str:
        return self.viewer.copy_text("selected")

    def on_follow_changed(self, event: line_messages.FollowChanged) -> None:
        """The reader scrolled away from the end, or back to it."""
        event.stop()
        self._behind = self.viewer.behind
        self.post_message(self.Changed(self))

    def on_lines_counted(self, event: line_messages.LinesCounted) -> None:
        """So many lines match."""
        event.stop()
        self._counted = f" [{len(self.viewer.model):,}]" if self.viewer.filter_text else ""
        self.post_message(self.Changed(self))
