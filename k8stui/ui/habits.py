"""What hands that know k9s type: its other names of kinds, and where its keys and commands are here. Pure.

What k9s has and this program has under another name is a sentence here, never silence. Keys that are in the
registry of actions but do not fit where they are pressed get their sentence from the registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import misfit
from k8stui.ui.keymap import normal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.ui.actions import Action, Place

KIND_NAMES = {
    "dp": "deployments.apps",
    "sec": "secrets",
    "jo": "jobs.batch",
    "cr": "clusterroles.rbac.authorization.k8s.io",
    "crb": "clusterrolebindings.rbac.authorization.k8s.io",
    "ro": "roles.rbac.authorization.k8s.io",
    "rb": "rolebindings.rbac.authorization.k8s.io",
    "np": "networkpolicies.networking.k8s.io",
}
"""Names that k9s has for kinds besides the server's own, which come first."""

_SPLIT = "one kind a pane: :deploy, :sts, :ds, :jobs; | and _ split a pane."
_USERS = "users and groups are no objects: :clusterrolebindings and :rolebindings name them."
_FAULTS = "the header counts what is wrong, and ctrl-z leaves only that in a table."
_SAVED = "what was saved is in the folder that saving names: ctrl-s saves a table, :picture the screen."
_NAMES = "Tab after : lists all kinds and commands; settings.toml has your own names below [aliases]."
_KIND = "the kind alone is enough, :deploy kube-system."
_MEASURED = "what pods and nodes use is in :podmetrics and :nodemetrics; shift-c and shift-m sort there."
_ROW = "put the cursor on the object and press"
COMMANDS = {
    **dict.fromkeys(("pulse", "pulses", "pu", "popeye", "pop"), _FAULTS),
    **dict.fromkeys(("workloads", "workload", "wk"), _SPLIT),
    **dict.fromkeys(("users", "usr", "groups", "grp"), _USERS),
    **dict.fromkeys(("screendump", "screendumps", "sd"), _SAVED),
    **dict.fromkeys(("alias", "aliases", "a", "api-resources"), _NAMES),
    **dict.fromkeys(("containers", "container", "co"), "v on a pod takes it apart, container by container."),
    **dict.fromkeys(("benchmark", "benchmarks", "be"), "there are no benchmarks; forward a port (shift-f)."),
    **dict.fromkeys(("plugins", "plugin"), "there are no plugins; x on a pod runs a command of your own."),
    **dict.fromkeys(("dir", "folder"), ":apply FOLDER tries, shows and applies what is in it."),
    "helm": "Helm keeps its releases in secrets: :secrets -l owner=helm.",
    "top": _MEASURED,
    "describe": f"{_ROW} d.",
    "edit": f"{_ROW} e.",
    **dict.fromkeys(("get", "kubectl"), _KIND),
}
"""k9s's and kubectl's commands -> what does it here."""

KEYS = {
    ("ctrl-e", ""): "The header is one line and stays; z gives a pane the whole screen.",
    ("ctrl-g", ""): "The way here is not shown as crumbs: [ and ] go back and forward.",
    ("ctrl-k", "logs"): "shift-c clears the log.",
    **{(key, kind): _MEASURED[0].upper() + _MEASURED[1:] for key in ("C", "M") for kind in ("pods", "nodes")},
    ("q", ""): "esc goes back; :q or ctrl-q leaves.",
    ("t", "pods"): "Copying files is not built in: x runs a command (tar, cat) in the pod.",
    ("x", "secrets"): "Values are shown in its YAML: y, then x for one, shift-v for all.",
    ("ctrl-u", ""): "esc takes the filter away; ctrl-u clears a line that is being typed.",
    ("f5", ""): "What you see is live; ctrl-r asks a server that does not answer again now.",
    ("Z", ""): "Sort by any column with ctrl-o.",
}
"""Key and kind (or type of view; "": all) -> what does it here."""


def why_not(key: str, actions: Sequence[Action], place: Place) -> str:
    """Why a key does nothing at a place, in one sentence; empty for a key that means nothing anywhere.

    `actions` are those that have the key; none of them fits the place.
    """
    form, kind = normal(key), "" if place.kind is None else place.kind.name
    for where in (kind, place.view_type, ""):
        if (form, where) in KEYS:
            return KEYS[form, where]
    if place.view_type != "shell":
        actions = [each for each in actions if each.views != {"shell"}]
    return misfit(shown(key), actions, place) if actions else ""
