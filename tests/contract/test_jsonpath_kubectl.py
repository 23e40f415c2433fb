"""JSONPath as the real kubectl evaluates it: expression by expression, over one object with lists in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from k8stui.kinds.jsonpath.path import parse_path
from k8stui.kinds.jsonpath.syntax import JsonPathError

KUBECTL = Path(sys.executable).with_name("kubectl")
BAG = {
    "apiVersion": "example.com/v1",
    "kind": "Bag",
    "metadata": {"name": "top", "uid": "u0"},
    "things": [
        {
            "metadata": {
                "name": "a",
                "uid": "u1",
                "labels": {"app.kubernetes.io/name": "L"},
                "annotations": {"kubernetes.io/name": "N"},
            },
            "status": {"x": "1", "n": 1, "ready": False, "list": ["p", "q"], "f": 1.5, "html": {"a": "<b>&"}},
        },
        {"metadata": {"name": "b"}, "status": {"x": "2", "n": 2, "ready": True, "list": ["r"], "f": 2.0}},
        {"metadata": {"name": "c"}, "status": {"x": "3", "n": 3}},
    ],
}
EXPRESSIONS = """
{.kind} {@}
{['kind']} {$.kind}
{..x}
{.things[*].metadata.name}{"\\n"}
{.things[*]['metadata.name', 'status.x']}
{.things[0].metadata['name','uid']}
{.things[0:2].metadata.name} {.things[1:].metadata.name} {.things[::2].metadata.name}
{.things[0,1].metadata.name}
{.things[-1:].metadata.name} {.things[-1].metadata.name}
{.things[?(@.metadata.name=="b")].status.x} {.things[?(@.status['x']=='1')].metadata.name}
{.things[?(@.metadata.name=="b")]}
{.things[?(@.status.n>1)].metadata.name} {.things[?(@.status.n<=2)].metadata.name}
{.things[?(@.status.x!="1")].metadata.name} {.things[?(@.status.list[0]=="p")].metadata.name}
{.things[?(@.status.ready)].metadata.name} {.things[?(@.status.ready==true)].metadata.name}
{range .things[*]}[{.metadata.name}, {.status.x}] {end}
{range .things[*]}{.metadata.name}{'\\t'}{.status.x}{'\\n'}{end}
{range .things[*]}{range .status.list[*]}{@}{'-'}{end}{'|'}{end}
{.things[*].metadata.annotations.kubernetes\\.io/name}
{.things[0].metadata.labels['app\\.kubernetes\\.io/name']}
{.things[*].status.n} {.things[*].status.ready} {.things[*].status.f} {.things[*].status.html}
name is {.things[0].metadata.name}, done
{.things[0].status.list[1]} {.things[0].status.list}
{.nope.x} {.things[*].status.y}
{.things[5].metadata.name}
{.things[*].metadata.name[0]}
{.things[?(@.metadata.name in ["a"])].metadata.name}
{.things[}
{
""".strip().splitlines()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_gives_what_kubectl_prints(tmp_path: Path, expression: str) -> None:
    path = tmp_path / "bag.json"
    path.write_text(json.dumps(BAG))
    command = [
        str(KUBECTL),
        "patch",
        "--local",
        "--type=merge",
        "-p={}",
        f"-f={path}",
        f"-o=jsonpath={expression}",
    ]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    try:
        mine = parse_path(expression).render(BAG)
    except JsonPathError:
        assert printed.returncode != 0
    else:
        assert mine == printed.stdout
