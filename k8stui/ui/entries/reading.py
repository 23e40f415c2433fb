"""What opens the readers of an object, and what can be done in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.actions import Action, Group, Place, Right
from k8stui.ui.spec import Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.ui.views.describe import DescribeView
    from k8stui.ui.views.reading import ObjectView
    from k8stui.ui.views.relations import RelationsView
    from k8stui.ui.views.yaml import YamlView

READABLE = frozenset({"table", "yaml", "describe", "relations", "rollout", "anatomy"})
YAML = frozenset({"yaml"})
READERS = frozenset({"yaml", "describe", "relations", "jsonpath", "rollout", "anatomy"})
QUERIED = frozenset({"table", "yaml", "describe", "jsonpath", "anatomy"})
USED = frozenset({"secrets", "configmaps", "serviceaccounts", "persistentvolumeclaims"})
"""Kinds that are asked who uses them."""
LINKED = frozenset({"describe", "relations", "anatomy"})
HERE = "This is what you see."
UNMASKED = "Nothing is masked here: that is done to the values of secrets."


async def _read_yaml(place: Place) -> None:
    await _open(place, ViewType.YAML)


async def _describe(place: Place) -> None:
    await _open(place, ViewType.DESCRIBE)


async def _relations(place: Place) -> None:
    await _open(place, ViewType.RELATIONS)


async def _open(place: Place, view: ViewType) -> None:
    kind, meta = place.kind, place.objects[0].metadata
    assert kind is not None
    noun = (kind.singular or kind.kind).lower()
    target = Target(kind.name, meta.name, meta.namespace, meta.uid, noun)
    await place.app.navigator.open(ViewSpec(view=view, kind=kind.name, target=target))


def _readable(place: Place) -> bool:
    return place.kind is not None


def _not_yaml(place: Place) -> bool:
    return _readable(place) and place.view_type != "yaml"


def _not_describe(place: Place) -> bool:
    return _readable(place) and place.view_type != "describe"


def _not_relations(place: Place) -> bool:
    return _readable(place) and place.view_type != "relations"


def _reader(place: Place) -> ObjectView:
    from k8stui.ui.views.reading import ObjectView

    assert isinstance(place.view, ObjectView)
    return place.view


def _yaml(place: Place) -> YamlView:
    from k8stui.ui.views.yaml import YamlView

    assert isinstance(place.view, YamlView)
    return place.view


def _find(place: Place) -> None:
    place.app.main.questions.ask_filter()


def _noise(place: Place) -> None:
    _yaml(place).toggle_noise()


def _owners(place: Place) -> None:
    _say(place, _yaml(place).owners_text())


def _reveal(place: Place) -> None:
    _say(place, _yaml(place).reveal())


def _reveal_all(place: Place) -> None:
    _say(place, _yaml(place).reveal(every=True))


def _say(place: Place, sentence: Any) -> None:
    if sentence:
        place.app.say(sentence)


def _ask_jsonpath(place: Place) -> None:
    from k8stui.ui.asking import ask_jsonpath

    ask_jsonpath(place)


def _reveal_found(place: Place) -> None:
    from k8stui.ui.views.jsonpath import JsonPathView

    assert isinstance(place.view, JsonPathView)
    place.view.reveal()


def _found_secrets(place: Place) -> bool:
    return bool(getattr(place.view, "is_secret", False))


def _is_secret(place: Place) -> bool:
    return _yaml(place).is_secret


async def _go(place: Place) -> None:
    """Follow the link of the line; ask which where there are several. A container's row leads to its logs."""
    from k8stui.ui.dialogs.choose import Choice, choose
    from k8stui.ui.entries.anatomy import read_logs

    view = _linked_view(place)
    if getattr(view, "on_head", False):
        await read_logs(place)
        return
    refs = list(dict.fromkeys(link.ref for link in view.links))
    app = place.app

    async def follow(index: int) -> None:
        spec = view.spec_of(refs[index])
        if spec is None:
            app.say(f"This server has no kind {refs[index].kind!r}.")
        else:
            await app.navigator.open(spec)

    if len(refs) == 1:
        await follow(0)
        return
    choices = [Choice(str(at), f"{ref.kind} {ref.name}") for at, ref in enumerate(refs)]
    app.run_worker(
        choose(app, "Go to", choices, lambda chosen: app.call_later(follow, int(chosen))), group="dialog"
    )


def _linked_view(place: Place) -> DescribeView | RelationsView:
    from k8stui.ui.views.describe import DescribeView
    from k8stui.ui.views.relations import RelationsView

    assert isinstance(place.view, DescribeView | RelationsView)
    return place.view


def _has_links(place: Place) -> bool:
    view = _linked_view(place)
    return bool(view.links) or getattr(view, "on_head", False)


def _fold(place: Place) -> None:
    _reader(place).viewer.action_toggle_fold()


def _fold_all(place: Place) -> None:
    _reader(place).viewer.action_fold_all()


def _unfold_all(place: Place) -> None:
    _reader(place).viewer.action_unfold_all()


def _wrap(place: Place) -> None:
    viewer = _reader(place).viewer
    viewer.set_wrap(not viewer.wrap)


def _again(place: Place) -> None:
    _reader(place).read()


def _copy(place: Place) -> None:
    if not place.app.copy_selection():
        place.app.copy(_reader(place).copy_text(), "text")


ACTIONS = [
    Action(
        "row.describe",
        "describe",
        "Read all about the object: what kubectl describe says, live, its events at the end",
        _describe,
        keys=("d",),
        group=Group.ROW,
        views=READABLE,
        needs_object=True,
        right=Right("get"),
        fits=_not_describe,
        otherwise=HERE,
        rank=13,
    ),
    Action(
        "row.yaml",
        "yaml",
        "Read the object as YAML, live",
        _read_yaml,
        keys=("y",),
        group=Group.ROW,
        views=READABLE,
        needs_object=True,
        right=Right("get"),
        fits=_not_yaml,
        otherwise=HERE,
        rank=14,
    ),
    Action(
        "row.relations",
        "relations",
        "See what belongs to the object: owners, pods, services, what it uses, who uses it; live",
        _relations,
        keys=("shift-x",),
        group=Group.ROW,
        views=READABLE,
        needs_object=True,
        right=Right("get"),
        fits=_not_relations,
        otherwise=HERE,
        rank=15,
    ),
    Action(
        "row.users",
        "used by",
        "See who uses the object, and what else belongs to it",
        _relations,
        keys=("u",),
        group=Group.ROW,
        views=frozenset({"table"}),
        kinds=USED,
        needs_object=True,
        right=Right("get"),
        rank=95,
    ),
    Action(
        "reading.open",
        "go to",
        "Go to the object that the line names; [ comes back",
        _go,
        keys=("enter",),
        group=Group.READING,
        views=LINKED,
        fits=_has_links,
        otherwise="This line leads nowhere else.",
        rank=10,
    ),
    Action(
        "reading.find",
        "find",
        "Find text or a regex; every line stays; n goes on, shift-n goes back, esc ends",
        _find,
        keys=("/",),
        group=Group.READING,
        views=READERS,
        rank=20,
    ),
    Action(
        "reading.fold",
        "fold",
        "Hide what is below the line, or show it",
        _fold,
        keys=("space",),
        group=Group.READING,
        views=READERS,
        rank=20,
    ),
    Action(
        "reading.fold-all",
        "fold all",
        "Hide everything but the outer keys",
        _fold_all,
        keys=("<",),
        group=Group.READING,
        views=READERS,
        rank=40,
    ),
    Action(
        "reading.unfold-all",
        "unfold all",
        "Show everything that was folded",
        _unfold_all,
        keys=(">",),
        group=Group.READING,
        views=READERS,
        rank=41,
    ),
    Action(
        "reading.noise",
        "managed fields",
        "Show managedFields and what kubectl keeps in annotations, or no longer",
        _noise,
        keys=("f",),
        group=Group.READING,
        views=YAML,
        rank=21,
    ),
    Action(
        "reading.owners",
        "who set it",
        "Say which manager set the field under the cursor, how and when",
        _owners,
        keys=("o",),
        group=Group.READING,
        views=YAML,
        rank=23,
    ),
    Action(
        "reading.reveal",
        "reveal",
        "Show the value under the cursor: masked, decoded, as stored",
        _reveal,
        keys=("x",),
        group=Group.READING,
        views=YAML,
        fits=_is_secret,
        otherwise=UNMASKED,
        rank=15,
    ),
    Action(
        "reading.reveal-all",
        "reveal all",
        "Show all values of the secret: masked, decoded, as stored",
        _reveal_all,
        keys=("shift-v",),
        group=Group.READING,
        views=YAML,
        fits=_is_secret,
        otherwise=UNMASKED,
        rank=42,
    ),
    Action(
        "reading.jsonpath",
        "jsonpath",
        "Follow a path in kubectl's JSONPath through the object, or through all objects of the table",
        _ask_jsonpath,
        keys=("=",),
        group=Group.READING,
        views=QUERIED,
        fits=_readable,
        rank=95,
    ),
    Action(
        "reading.reveal-found",
        "reveal",
        "Show the values of secrets that were found, or mask them again",
        _reveal_found,
        keys=("x",),
        group=Group.READING,
        views=frozenset({"jsonpath"}),
        fits=_found_secrets,
        otherwise=UNMASKED,
        rank=15,
    ),
    Action(
        "reading.wrap",
        "wrap",
        "Show long lines in several rows, or let them run out to the right",
        _wrap,
        keys=("w",),
        group=Group.READING,
        views=READERS,
        rank=43,
    ),
    Action(
        "reading.again",
        "read again",
        "Read the object from the server again",
        _again,
        keys=("r",),
        group=Group.READING,
        views=READERS,
        rank=44,
    ),
    Action(
        "reading.copy",
        "copy",
        "Copy the selected lines, or all",
        _copy,
        keys=("c",),
        group=Group.READING,
        views=READERS,
        rank=22,
    ),
]
