"""One apply is enough: definitions and namespaces first, then what needs them. On both clusters."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kinds.editing.documents import parse
from k8stui.kube.catalog import Catalog
from k8stui.kube.errors import ApiError
from k8stui.ui.editing.items import Mode, Way, new_items

from .editing_rig import Bench, open_bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .conftest import Admin

WIDGET = """\
apiVersion: {group}/v1
kind: Widget
metadata:
  name: first
spec:
  size: 3
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.{group}
spec:
  group: {group}
  scope: Namespaced
  names:
    kind: Widget
    plural: widgets
    singular: widget
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {{}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size:
                type: integer
                minimum: 1
"""
SPACE = """\
apiVersion: v1
kind: {kind}
metadata:
  name: {name}
{more}"""


@pytest.fixture
async def bench(open_cluster: Callable[..., Any], namespace: str) -> Bench:
    return await open_bench(open_cluster, namespace)


@pytest.fixture
async def group(admin: Admin) -> AsyncIterator[str]:
    """An API group that nobody has yet; its definition goes with the test."""
    name = f"test-{secrets.token_hex(4)}.example.com"
    admin.made.append(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{name}")
    yield name


@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.SERVER_APPLY, Mode.CREATE])
async def test_an_object_and_the_definition_of_its_kind_take_one_apply(
    bench: Bench, admin: Admin, group: str, mode: Mode
) -> None:
    """In whichever order they stand in the file."""
    text = "---\n".join([WIDGET.format(group=group), DEFINITION.format(group=group)])
    items = await bench.applied(text, mode)
    assert [item.kind.kind for item in items] == ["CustomResourceDefinition", "Widget"]
    assert [(item.failed, item.problems) for item in items] == [(False, []), (False, [])]
    path = f"/apis/{group}/v1/namespaces/{bench.namespace}/widgets/first"
    assert (await admin.get(path))["spec"] == {"size": 3}
    assert bench.cluster.catalog.find(f"widgets.{group}") is not None


async def test_what_does_not_fit_its_new_kind_is_refused_on_its_line(
    bench: Bench, admin: Admin, group: str
) -> None:
    """The dry run of it comes late, and is as strict: a wrong value, and a field that nobody knows."""
    wrong = WIDGET.format(group=group).replace("size: 3", "size: 0")
    unknown = WIDGET.format(group=group).replace("first", "second").replace("size: 3", "size: 3\n  sise: 4")
    items = await bench.applied("---\n".join([DEFINITION.format(group=group), wrong, unknown]))
    _, first, second = items
    for item, field in ((first, "size"), (second, "sise")):
        assert not item.done
        assert item.document.lines[("spec", field)] in [problem.line for problem in item.problems]
    with pytest.raises(ApiError):
        await admin.get(f"/apis/{group}/v1/namespaces/{bench.namespace}/widgets/second")


async def test_a_definition_that_is_refused_keeps_back_what_waits_for_it(bench: Bench, group: str) -> None:
    text = DEFINITION.format(group=group).replace("plural: widgets", "plural: gadgets")
    items = await bench.applied(f"{text}---\n{WIDGET.format(group=group)}")
    assert [bool(item.problems) for item in items] == [True, False]
    assert items[1].failed
    assert "CustomResourceDefinition" in items[1].done


@pytest.mark.parametrize("mode", [Mode.APPLY, Mode.SERVER_APPLY])
async def test_a_namespace_and_what_is_in_it_take_one_apply(bench: Bench, admin: Admin, mode: Mode) -> None:
    """Pods too, which need a service account that controllers make a moment after the namespace."""
    name = f"k8stui-test-{secrets.token_hex(4)}"
    admin.made.append(f"/api/v1/namespaces/{name}")
    pod = "spec:\n  containers:\n  - name: main\n    image: busybox:1.36\n"
    inside = [
        SPACE.format(kind="ConfigMap", name="one", more=f"  namespace: {name}\n"),
        SPACE.format(kind="Pod", name="two", more=f"  namespace: {name}\n{pod}"),
    ]
    items = await bench.applied(
        "---\n".join([*inside, SPACE.format(kind="Namespace", name=name, more="")]), mode
    )
    assert [(item.kind.kind, item.problems) for item in items] == [
        ("Namespace", []),
        ("ConfigMap", []),
        ("Pod", []),
    ]
    for plural, each in (("configmaps", "one"), ("pods", "two")):
        assert await admin.get(f"/api/v1/namespaces/{name}/{plural}/{each}")


async def test_a_definition_that_is_there_already_is_waited_for_as_well(
    bench: Bench, admin: Admin, group: str
) -> None:
    """The kind is not known here yet, and nothing of its definition is to be written."""
    definition = DEFINITION.format(group=group)
    await bench.applied(definition)
    text = f"{definition}---\n{WIDGET.format(group=group)}"
    kinds = [kind for kind in bench.cluster.catalog.kinds if kind.group != group]
    items, problems = new_items(parse(text).documents, Catalog(kinds), bench.namespace, Mode.APPLY)
    assert problems == []
    await bench.pipeline.dry_run(items, Mode.APPLY)
    assert (items[0].way, items[1].waits) == (Way.NOTHING, items[0])
    await bench.carried_out(items, Mode.APPLY)
    assert items[1].done
    assert await admin.get(f"/apis/{group}/v1/namespaces/{bench.namespace}/widgets/first")
