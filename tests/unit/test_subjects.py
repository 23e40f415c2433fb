"""What a table is called."""

from __future__ import annotations

from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.ui.views.subjects import noun_of


def test_a_kind_is_called_by_its_plural_unless_that_word_means_another() -> None:
    pods = BUILTIN.find("pods")
    assert pods is not None
    metrics = Kind("metrics.k8s.io", "v1beta1", "PodMetrics", "pods")
    catalog = Catalog([pods, metrics])
    assert noun_of(pods, catalog) == "pods"
    assert noun_of(metrics, catalog) == "pods.metrics.k8s.io"
