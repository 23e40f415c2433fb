"""What a reader of logs hears: changes of its own pod, and the server's coming and going."""

from __future__ import annotations

import msgspec

from k8stui.kube.health import Health, Status
from k8stui.kube.logs.news import LogNews
from tests.ui.fakes import FakeCluster


class Reader:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def pod_changed(self) -> None:
        self.heard.append("pod changed")

    def retry_now(self) -> None:
        self.heard.append("retry now")

    def check(self) -> None:
        self.heard.append("check")


def test_only_changes_of_its_own_pod_are_told() -> None:
    cluster, reader = FakeCluster(), Reader()
    kind = cluster.catalog.find("pods")
    assert kind is not None
    view = cluster.subscribe(kind, wake=lambda: None)
    mine, other = list(view.collection.objects.values())[:2]
    news = LogNews(cluster, mine.metadata.uid, lambda: reader)
    objects = view.collection.objects
    objects[other.metadata.uid] = msgspec.structs.replace(other)
    news._pods_changed()
    assert reader.heard == []
    objects[mine.metadata.uid] = msgspec.structs.replace(mine)
    news._pods_changed()
    assert reader.heard == ["pod changed"]
    del objects[mine.metadata.uid]
    news._pods_changed()
    assert reader.heard == ["pod changed", "pod changed"], "gone is a change"
    news.close()
    news._pods_changed()
    assert view.collection.subscribers == 1, "the table reads on alone"


def test_the_server_that_goes_and_comes_back_is_told_once_each() -> None:
    cluster, reader = FakeCluster(), Reader()
    news = LogNews(cluster, "", lambda: reader)
    for status in (Status.STALE, Status.OFFLINE, Status.LIVE, Status.LIVE):
        cluster.health = Health(status, 0.0)
        news._cluster_changed()
    assert reader.heard == ["check", "retry now"], "what is between makes no difference"
