"""One module for each thing that can be shown in a pane. `make_view` chooses by the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.spec import ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.ui.session import Session
    from k8stui.ui.views.base import View


def make_view(spec: ViewSpec, session: Session) -> View:
    """The view for a spec. Imports it only now: the first frame needs few of them."""
    if spec.view is ViewType.LOGS:
        from k8stui.ui.views.logs import LogsView

        return LogsView(spec, session)
    if spec.view is ViewType.CONTEXTS:
        from k8stui.ui.views.contexts import ContextsView

        return ContextsView(spec, session)
    if spec.view is ViewType.YAML:
        from k8stui.ui.views.yaml import YamlView

        return YamlView(spec, session)
    if spec.view is ViewType.DESCRIBE:
        from k8stui.ui.views.describe import DescribeView

        return DescribeView(spec, session)
    if spec.view is ViewType.RELATIONS:
        from k8stui.ui.views.relations import RelationsView

        return RelationsView(spec, session)
    if spec.view is ViewType.ANATOMY:
        from k8stui.ui.views.anatomy import AnatomyView

        return AnatomyView(spec, session)
    if spec.view is ViewType.JSONPATH:
        from k8stui.ui.views.jsonpath import JsonPathView

        return JsonPathView(spec, session)
    if spec.view is ViewType.ROLLOUT:
        from k8stui.ui.views.rollout import RolloutView

        return RolloutView(spec, session)
    if spec.kind == "namespaces":
        from k8stui.ui.views.namespaces import NamespacesView

        return NamespacesView(spec, session)
    from k8stui.ui.views.table import TableView

    return TableView(spec, session)
