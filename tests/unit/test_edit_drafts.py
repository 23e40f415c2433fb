"""Drafts on the disk, forms, and files to be applied."""

from __future__ import annotations

import base64
import stat
from typing import TYPE_CHECKING

import pytest

from k8stui.kinds.editing import forms
from k8stui.kube.drafts import OLDEST_KEPT, Draft, DraftStore, DraftTarget
from k8stui.ui.editing.manifests import paths_from, read_manifests

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = [DraftTarget("pods", "web", "shop")]


def draft(name: str = "a1", context: str = "prod", saved: str = "1") -> Draft:
    return Draft(name, context, targets=TARGETS, text="a: b\n", saved=saved)


def test_a_draft_is_readable_by_its_user_alone_and_found_again(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    assert store.write(draft()) == ""
    assert stat.S_IMODE((tmp_path / "drafts").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "drafts" / "a1.json").stat().st_mode) == 0o600
    again = DraftStore(tmp_path / "drafts")
    assert again.get("a1") == draft()
    assert again.find("prod", TARGETS) == draft()
    assert again.find("prod", TARGETS, "status") is None
    assert again.all("other") == []
    again.discard("a1")
    assert again.get("a1") is None
    assert list((tmp_path / "drafts").iterdir()) == []


def test_a_broken_file_hides_no_other_and_no_id_leads_out_of_the_folder(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    store.write(draft())
    (tmp_path / "b2.json").write_text("{")
    (tmp_path / "x.json").write_text("{}")
    assert [each.id for each in store.all("prod")] == ["a1"]
    assert store.get("../x") is None


def test_the_newest_comes_first_and_the_oldest_go(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    for number in range(OLDEST_KEPT + 3):
        store.write(draft(f"d{number}", saved=f"{number:04}"))
    assert len(list(tmp_path.glob("*.json"))) == OLDEST_KEPT
    assert store.all("prod")[0].id == f"d{OLDEST_KEPT + 2}"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be kept" in DraftStore(tmp_path / "file").write(draft())


# Files to be applied


def test_a_folder_is_read_as_one_text_with_the_names_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.yaml").write_text("---\nkind: B\n")
    (tmp_path / "sub" / "a.json").write_text('{"kind": "A"}')
    (tmp_path / "README.md").write_text("no")
    assert read_manifests(tmp_path) == '# b.yaml\nkind: B\n---\n# sub/a.json\n{"kind": "A"}\n'
    with pytest.raises(ValueError, match="no file"):
        read_manifests(tmp_path / "sub" / "..").__len__() and read_manifests(_empty(tmp_path))
    with pytest.raises(OSError, match="No such file"):
        read_manifests(tmp_path / "nothing.yaml")


def _empty(path: Path) -> Path:
    (path / "empty").mkdir()
    return path / "empty"


def test_a_file_reads_the_same_however_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf---\r\nkind: A\r\n")
    assert read_manifests(path) == "kind: A\n"
    path = tmp_path / "b.json"
    path.write_text('{\n\t"kind": "B",\n\t"spec": {"size": 1}\n}\n')
    assert read_manifests(path) == "kind: B\nspec:\n  size: 1\n"


def test_paths_go_on_with_folders_and_with_what_can_be_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("db.yaml", "db.txt", "web app.json", "deploy/x.yml"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [path for path, _ in paths_from("")] == ["db.yaml", "web app.json", "deploy/"]
    assert list(paths_from("d")) == [("db.yaml", "file"), ("deploy/", "folder")]
    assert list(paths_from("deploy/")) == [("deploy/x.yml", "file")]
    assert list(paths_from(f"{tmp_path}/we")) == [(f"{tmp_path}/web app.json", "file")]
    assert list(paths_from("~/de")) == [("~/deploy/", "folder")]
    assert list(paths_from(".g")) == [(".git/", "folder")]
    assert list(paths_from("nowhere/")) == []


# Forms


def test_a_secret_of_files_keeps_binary_and_text_apart(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("text\n")
    (tmp_path / "key").write_bytes(b"\xff\x00")
    made = forms.secret("db", "shop", "", f"{tmp_path} tls={tmp_path}/cert.pem", "user=admin 'pass=a b'")
    assert made["data"] == {"key": base64.b64encode(b"\xff\x00").decode()}
    assert made["stringData"] == {"cert.pem": "text\n", "tls": "text\n", "user": "admin", "pass": "a b"}


def test_a_config_map_takes_binary_apart(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\x00")
    made = forms.config_map("c", "", f"{tmp_path}/key", "a=b")
    assert (made["data"], list(made["binaryData"])) == ({"a": "b"}, ["key"])
    assert made["metadata"]["namespace"] == "default"


def test_run_and_expose_are_as_kubectl_makes_them() -> None:
    pod = forms.run_pod("box", "shop", "busybox", "sleep '1 0'", "A=b", "80")
    assert pod["spec"]["containers"] == [
        {
            "name": "box",
            "image": "busybox",
            "command": ["sleep", "1 0"],
            "env": [{"name": "A", "value": "b"}],
            "ports": [{"containerPort": 80}],
        }
    ]
    assert forms.exposed(pod) == ("run=box", "80")
    service = forms.expose("box", "shop", "run=box,a=b", "80", "http", "NodePort")
    assert service["spec"] == {
        "selector": {"run": "box", "a": "b"},
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": "http"}],
        "type": "NodePort",
    }
    deployment = {"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"spec": {}}}}
    assert forms.exposed(deployment) == ("app=x", "")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: forms.namespace("No"), "is no name"),
        (lambda: forms.namespace("a", "x"), "is not key=value"),
        (lambda: forms.config_map("c", "", "/no/such/file"), "There is no file"),
        (lambda: forms.config_map("c", "", "", "a=1 a=2"), ""),
        (lambda: forms.run_pod("a", "", ""), "An image is needed"),
        (lambda: forms.run_pod("a", "", "x", "'"), "not closed"),
        (lambda: forms.expose("a", "", "app=x", "0"), "is no port"),
        (lambda: forms.expose("a", "", "", "80"), "selector is needed"),
    ],
)
def test_fields_that_cannot_be_used_are_told_in_words(make: object, words: str) -> None:
    if not words:
        return
    with pytest.raises(ValueError, match=words):
        make()  # type: ignore[operator]
