"""Asks which log of a node to read: the journal of a service, or a file, folder by folder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from k8stui.ui.dialogs.choose import Choice, ChooseDialog
from k8stui.ui.spec import Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.ui.actions import Place

LIMIT = 15.0
SERVICE = "service:"


async def choose_node_log(place: Place) -> None:
    """Ask, and open what was chosen."""
    from k8stui.kube.errors import KubeError
    from k8stui.kube.logs.node import SERVICES
    from k8stui.kube.logs.node_files import list_files, refusal

    node = place.object
    cluster: Any = place.app.session.cluster
    if node is None or cluster is None:
        return
    name, folder, refused = node.metadata.name, "", ""
    while True:
        files: list[str] = []
        try:
            async with asyncio.timeout(LIMIT):
                files = await list_files(cluster.connection, name, folder)
        except KubeError as error:
            refused = refusal(error, "files")
        except TimeoutError:
            refused = f"The kubelet of {name} did not answer within {LIMIT:.0f} s."
        choices = [Choice(folder + each, each, "folder" if each[-1:] == "/" else "") for each in files]
        if folder:
            choices.insert(0, Choice(folder.rstrip("/").rpartition("/")[0] or "/", "..", "back"))
        else:
            services = [Choice(SERVICE + each, each, "journal of the service") for each in SERVICES]
            choices = [*services, *choices]
        free = "service:NAME, or a file below /var/log"
        title = f"Logs of node {name}" + (f": {folder}" if folder else "")
        answer = await place.app.push_screen_wait(ChooseDialog(title, choices, about=refused, free=free))
        if answer is None:
            return
        if answer == "/" or answer == "..":
            folder = ""
        elif answer.endswith("/") or (folder.startswith(f"{answer}/")):
            folder = answer.rstrip("/") + "/"
        else:
            break
    target = Target("nodes", name, "", node.metadata.uid, "node")
    await place.app.navigator.open(ViewSpec(view=ViewType.LOGS, target=target, node_log=answer.lstrip("/")))
