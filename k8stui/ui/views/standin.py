"""Stands in a pane for a log until the first frame is on the screen.

A log has sixty milliseconds of modules behind it and nothing to show before there is a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from k8stui.ui.spec import Link, ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.placeholder import Placeholder

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from k8stui.ui.spec import Target


class StandIn(View):
    """Says how far the session is, under the name of the view that comes."""

    view_type: ClassVar[ViewType] = ViewType.STARTING

    def compose(self) -> ComposeResult:
        placeholder = Placeholder()
        placeholder.can_focus = False
        placeholder.tell(self.session)
        yield placeholder

    @property
    def link(self) -> Link:
        return Link.PODS

    def follow(self, target: Target | None) -> None:
        self.target = target  # for the view that comes

    def title(self) -> Title:
        return Title(self.spec.view.value)
