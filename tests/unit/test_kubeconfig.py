"""The kubeconfig, read as kubectl reads it, and complained about with file and line."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.kinds.text import printable
from k8stui.kube.errors import KubeconfigError
from k8stui.kube.kubeconfig.reading import Kubeconfig, load_kubeconfig, reload_context

A = """
apiVersion: v1
kind: Config
current-context: ""
preferences: {}
clusters:
- name: one
  cluster: {server: "https://a.test:6443", certificate-authority: pki/ca.crt, some-new-field: [1, {a: b}]}
users:
- name: red
  user: {token: first}
contexts:
- name: x
  context: {cluster: one, user: red}
unknown: 5
"""
B = """
current-context: yy
clusters:
- name: one
  cluster: {server: "https://b.test", tls-server-name: foo}
- name: two
  cluster: {server: "https://c.test/k8s/clusters/c-1/"}
users:
- name: red
  user: {token: second, username: joe}
- name: blue
  user:
    client-certificate: certs/blue.crt
    client-key: ../keys/blue.key
contexts:
- name: yy
  context: {cluster: two, user: blue, namespace: shop}
"""


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def load(folder: Path, *names: str, **env: str) -> Kubeconfig:
    listed = os.pathsep.join(str(folder / name) for name in names)
    return load_kubeconfig(env={"KUBECONFIG": listed, **env}, service_account=folder / "no-service-account")


def complaint(folder: Path, text: str, context: str = "c") -> str:
    (folder / "config").write_text(text)
    with pytest.raises(KubeconfigError) as caught:
        load_kubeconfig([folder / "config"]).context(context)
    assert "\n" not in caught.value.sentence()
    return caught.value.sentence()


def test_the_first_file_that_sets_a_value_wins_entry_by_entry(tmp_path: Path) -> None:
    write(tmp_path, a=A, b=B)
    config = load(tmp_path, "a", "b")
    assert list(config.contexts) == ["x", "yy"]
    assert config.current_context == "yy"  # The first file has an empty one.
    red = config.context("x")
    assert (red.server, red.user_entry.token, red.user_entry.username) == ("https://a.test:6443", "first", "")
    assert red.cluster_entry.tls_server_name == ""
    turned = load(tmp_path, "b", "a").context("x")
    assert (turned.server, turned.user_entry.token) == ("https://b.test", "second")


@pytest.mark.parametrize(
    "order", [("a", "b"), ("b", "a"), ("a", "missing", "b"), ("b", "a", "b"), ("empty", "b")]
)
def test_the_merge_is_kubectls(tmp_path: Path, order: tuple[str, ...]) -> None:
    kubectl = shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")
    if not Path(kubectl).exists():
        pytest.skip("needs kubectl")
    write(tmp_path, a=A, b=B, empty="")
    listed = os.pathsep.join(str(tmp_path / name) for name in order)
    command = [kubectl, "config", "view", "--merge", "--raw", "-o", "json"]
    env = {**os.environ, "KUBECONFIG": listed, "HOME": str(tmp_path)}
    printed = subprocess.run(command, env=env, capture_output=True, check=True).stdout
    theirs = json.loads(printed)
    ours = load(tmp_path, *order)
    assert ours.current_context == theirs["current-context"]
    assert sorted(ours.contexts) == sorted(each["name"] for each in theirs["contexts"])
    users = {each["name"]: each["user"] for each in theirs["users"]}
    clusters = {each["name"]: each["cluster"] for each in theirs["clusters"]}
    for each in theirs["contexts"]:
        context = ours.context(each["name"])
        assert context.cluster == each["context"]["cluster"]
        assert context.namespace == each["context"].get("namespace", "")
        assert context.cluster_entry.server == clusters[context.cluster]["server"]
        assert context.user_entry.token == users[context.user].get("token", "")
        assert context.user_entry.username == users[context.user].get("username", "")


def test_relative_paths_are_relative_to_the_file_that_holds_them(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a").write_text(A)
    (tmp_path / "two" / "b").write_text(B)
    config = load(tmp_path, "one/a", "two/b")
    assert config.context("x").cluster_entry.certificate_authority == tmp_path / "one/pki/ca.crt"
    user = config.context("yy").user_entry
    assert user.client_certificate == tmp_path / "two/certs/blue.crt"
    assert user.client_key == tmp_path / "two/../keys/blue.key"


def test_a_relative_kubeconfig_is_found_again_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=A)
    monkeypatch.chdir(tmp_path)
    context = load_kubeconfig([Path("a")]).context("x")
    monkeypatch.chdir("/")
    assert reload_context(context) == context
    assert context.cluster_entry.certificate_authority == tmp_path / "pki/ca.crt"


def test_without_the_variable_the_home_folders_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(B)
    assert load_kubeconfig(env={"HOME": str(tmp_path)}).current_context == "yy"
    assert load_kubeconfig(env={"HOME": str(tmp_path), "KUBECONFIG": ""}).current_context == "yy"


def test_a_server_keeps_its_path_and_loses_its_last_slash(tmp_path: Path) -> None:
    write(tmp_path, b=B)
    assert load(tmp_path, "b").context().server == "https://c.test/k8s/clusters/c-1"


def test_a_server_without_a_scheme_is_https_when_tls_is_set(tmp_path: Path) -> None:
    text = """
clusters:
- {name: s, cluster: {server: "h:1", insecure-skip-tls-verify: true}}
- {name: p, cluster: {server: "h:1"}}
contexts: [{name: s, context: {cluster: s}}, {name: p, context: {cluster: p}}]
"""
    write(tmp_path, a=text)
    config = load(tmp_path, "a")
    assert [config.context(name).server for name in "sp"] == ["https://h:1", "http://h:1"]


def test_every_field_of_a_user_is_read(tmp_path: Path) -> None:
    data = base64.b64encode(b"PEM").decode()
    text = f"""
clusters:
- name: k
  cluster:
    server: https://h
    certificate-authority-data: {data}
    proxy-url: http://user:pw@proxy:3128
    tls-server-name: other
    disable-compression: true
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {{audience: me, n: 5, list: [1, "2", true, null, 1.5], since: 2020-01-01}}
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
users:
- name: u
  user:
    client-certificate-data: {data[:2]}
      {data[2:]}
    client-key-data: {data}
    token: 0123
    tokenFile: token
    username: 5e3
    password: yes
    as: someone
    as-uid: 42
    as-groups: [a, b]
    as-user-extra: {{scopes: [x, y], "acme.com/k": [z]}}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/login
      args: [get, 5]
      env: [{{name: A, value: "1"}}, {{name: B, value: 2}}]
      installHint: |
        Get it
        here
      interactiveMode: IfAvailable
      provideClusterInfo: true
    auth-provider: {{name: oidc, config: {{client-id: 007}}}}
"""
    write(tmp_path, a=text)
    context = load(tmp_path, "a").context("c")
    cluster, user = context.cluster_entry, context.user_entry
    assert cluster.certificate_authority_data == b"PEM"
    assert (cluster.proxy_url, cluster.tls_server_name) == ("http://user:pw@proxy:3128", "other")
    assert cluster.disable_compression
    assert cluster.exec_config == {
        "audience": "me",
        "n": 5,
        "list": [1, "2", True, None, 1.5],
        "since": "2020-01-01",
    }
    assert (user.client_certificate_data, user.client_key_data) == (b"PEM", b"PEM")
    assert (user.token, user.username, user.password) == ("0123", "5e3", "yes")
    assert user.token_file == tmp_path / "token"
    assert (user.impersonate, user.impersonate_uid, user.impersonate_groups) == ("someone", "42", ("a", "b"))
    assert user.impersonate_extra == {"scopes": ("x", "y"), "acme.com/k": ("z",)}
    plugin = user.exec
    assert plugin is not None
    assert (plugin.command, plugin.args, plugin.folder) == ("./bin/login", ("get", "5"), tmp_path)
    assert plugin.env == (("A", "1"), ("B", "2"))
    assert (plugin.install_hint, plugin.interactive_mode) == ("Get it\nhere", "IfAvailable")
    assert plugin.provide_cluster_info
    assert user.auth_provider is not None
    assert dict(user.auth_provider.config) == {"client-id": "007"}
    assert user.auth_provider.file == tmp_path / "a"
    for secret in ("0123", "yes", "pw", "PEM", "007"):
        assert f"'{secret}" not in repr(context)


def test_json_anchors_merges_nulls_and_several_documents_are_read(tmp_path: Path) -> None:
    as_json = json.dumps(
        {
            "clusters": [{"name": "k", "cluster": {"server": "https://h"}}],
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": ""}}],
            "users": None,
        }
    )
    anchors = """
base: &base {server: https://h, tls-server-name: t}
clusters: [{name: k, cluster: {<<: *base, server: https://own}}]
contexts: [{name: c, context: {cluster: k, namespace: null}}]
users: ~
---
second: document
"""
    write(tmp_path, a=as_json, b="\ufeff" + anchors)
    assert load(tmp_path, "a").context("c").server == "https://h"
    context = load(tmp_path, "b").context("c")
    assert (context.server, context.cluster_entry.tls_server_name) == ("https://own", "t")


def test_a_broken_entry_does_not_stand_in_the_way_of_the_others(tmp_path: Path) -> None:
    text = B.replace("client-certificate: certs/blue.crt", "client-certificate-data: '%%%'")
    text += "- name: good\n  context: {cluster: one, user: red}\n"
    write(tmp_path, b=text)
    config = load(tmp_path, "b")
    assert config.context("good").user_entry.token == "second"
    with pytest.raises(KubeconfigError, match="client-certificate-data is not in base64"):
        config.context("yy")


def test_an_explicit_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError) as caught:
        load_kubeconfig([tmp_path / "nope"])
    assert str(tmp_path / "nope") in caught.value.sentence()


def test_without_any_file_one_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError) as caught:
        load(tmp_path, "no", "nope")
    assert str(tmp_path / "no") in caught.value.sentence()
    assert "--kubeconfig" in caught.value.hint


@pytest.mark.parametrize("text", ["", "   \n# nothing\n", "---\n", "null", "apiVersion: v1\nkind: Config\n"])
def test_an_empty_file_is_skipped_in_a_list_and_named_alone(tmp_path: Path, text: str) -> None:
    write(tmp_path, empty=text, b=B)
    assert load(tmp_path, "empty", "b").current_context == "yy"
    with pytest.raises(KubeconfigError) as caught:
        load(tmp_path, "empty")
    assert "has no contexts" in caught.value.sentence()
    assert str(tmp_path / "empty") in caught.value.sentence()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c", "broken YAML"),
        ("clusters:\n\t- x", "line 2"),
        ("clusters: [", "broken YAML"),
        ("a: *nothing", "broken YAML"),
        ("hello", "the kubeconfig should be a mapping, but is a single value"),
        ("[1]", "the kubeconfig should be a mapping, but is a list"),
        ("kind: Deployment", "is no kubeconfig: its kind is Deployment"),
        ("clusters: {a: b}", "clusters should be a list, but is a mapping"),
        ("x: 1\ncontexts: 5", "line 2"),
        ("contexts: [5]", "an entry of contexts should be a mapping"),
        ("contexts: [{name: [], context: {}}]", "name should be text, but is a list"),
        ("contexts: [{name: c, context: []}]", "context should be a mapping"),
        ("contexts: [{name: c, context: {cluster: k}}]", "names cluster k, which is not in the kubeconfig"),
        ("contexts: [{name: c, context: {user: k}}]", "Context c names no cluster"),
        ("contexts: [{name: c, context: {}}, {name: c, context: {}}]", "two contexts with the name c"),
        ("contexts: [{name: a, context: {}}, {name: b, context: {}}]", "choose one with --context: a, b"),
        ("current-context: [c]", "current-context should be text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    sentence = complaint(tmp_path, text)
    assert said in sentence
    assert str(tmp_path / "config") in sentence


@pytest.mark.parametrize(
    ("cluster", "user", "said"),
    [
        ("{}", "{}", "Cluster k has no server"),
        ("{server: https://h, insecure-skip-tls-verify: 'true'}", "{}", "should be true or false"),
        ("{server: https://h, certificate-authority-data: '!'}", "{}", "not in base64"),
        ("{server: [https://h]}", "{}", "server should be text, but is a list"),
        ("{server: https://h}", "{as-groups: admins}", "as-groups should be a list"),
        ("{server: https://h}", "{as-user-extra: {a: b}}", "a should be a list"),
        ("{server: https://h}", "{exec: {apiVersion: v1}}", "has no command"),
        ("{server: https://h}", "{exec: {command: x, env: {A: b}}}", "env should be a list"),
        ("{server: https://h}", "{auth-provider: {config: {}}}", "has no name"),
        ("{server: https://h}", "5", "user should be a mapping"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_when_it_is_used(
    tmp_path: Path, cluster: str, user: str, said: str
) -> None:
    text = f"""clusters: [{{name: k, cluster: {cluster}}}]
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
users:
- name: u
  user: {user}
"""
    sentence = complaint(tmp_path, text)
    assert said in sentence
    assert "line " in sentence


def test_a_missing_user_and_no_current_context_are_told(tmp_path: Path) -> None:
    base = "clusters: [{name: k, cluster: {server: https://h}}]\n"
    sentence = complaint(tmp_path, base + "contexts: [{name: c, context: {cluster: k, user: u}}]")
    assert "names user u, which is not in the kubeconfig" in sentence
    many = ", ".join(f"{{name: c{number}, context: {{cluster: k}}}}" for number in range(12))
    sentence = complaint(tmp_path, base + f"contexts: [{many}]", "")
    assert "has no current context" in sentence
    assert "and 4 more" in sentence


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00c\x00")
    for name, said in (("folder", "cannot be read"), ("bytes", "no text in UTF-8")):
        with pytest.raises(KubeconfigError) as caught:
            load(tmp_path, name)
        assert said in caught.value.sentence()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, a=A)
    (tmp_path / "a").chmod(0)
    with pytest.raises(KubeconfigError, match="may not be read"):
        load(tmp_path, "a")


def test_in_a_pod_its_service_account_is_used(tmp_path: Path) -> None:
    account = tmp_path / "account"
    account.mkdir()
    write(account, token="t0k", namespace="shop\n")
    env = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    config = load_kubeconfig(env=env, service_account=account)
    context = config.context()
    assert context.server == "https://[fd00::1]:443"
    assert context.namespace == "shop"
    assert context.user_entry.token_file == account / "token"
    assert context.cluster_entry.certificate_authority is None
    write(account, **{"ca.crt": "PEM"})
    context = load_kubeconfig(env=env, service_account=account).context("in-cluster")
    assert context.cluster_entry.certificate_authority == account / "ca.crt"
    assert reload_context(context) is context


def test_a_kubeconfig_goes_before_the_service_account(tmp_path: Path) -> None:
    write(tmp_path, b=B, token="t", namespace="n")
    env = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    path = str(tmp_path / "b")
    assert load_kubeconfig(env={**env, "KUBECONFIG": path}, service_account=tmp_path).current_context == "yy"
    with pytest.raises(KubeconfigError):
        load_kubeconfig([tmp_path / "no"], env=env, service_account=tmp_path)


def test_a_context_is_read_again_as_it_is_now(tmp_path: Path) -> None:
    write(tmp_path, b=B)
    context = load(tmp_path, "b").context("yy")
    write(tmp_path, b=B.replace("namespace: shop", "namespace: other"))
    assert reload_context(context).namespace == "other"
    write(tmp_path, b=A)
    with pytest.raises(KubeconfigError):
        reload_context(context)


def test_a_kubeconfig_of_a_thousand_contexts_is_read_quickly(tmp_path: Path) -> None:
    import time

    numbers = range(1000)
    data = base64.b64encode(b"x" * 1500).decode()
    lines = ["clusters:"]
    lines += [
        f"- name: k{number}\n  cluster: {{server: 'https://h{number}', certificate-authority-data: {data}}}"
        for number in numbers
    ]
    lines += ["contexts:", *(f"- name: c{n}\n  context: {{cluster: k{n}, user: u}}" for n in numbers)]
    write(tmp_path, a="\n".join([*lines, "users:", "- name: u\n  user: {}"]))
    started = time.thread_time()
    assert load(tmp_path, "a").context("c999").server == "https://h999"
    assert time.thread_time() - started < 5


def test_yaml_is_imported_only_when_a_file_is_read() -> None:
    code = "import sys, k8stui.kube.kubeconfig.reading; sys.exit('yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_nested_in_itself_is_told(tmp_path: Path) -> None:
    head = "contexts: [{name: c, context: {cluster: k}}]\n"
    assert "merged into itself" in complaint(tmp_path, head + "clusters: [{name: k, cluster: &a {<<: *a}}]")
    extension = "{name: client.authentication.k8s.io/exec, extension: &b [*b]}"
    cluster = f"{{server: 'https://h', extensions: [{extension}]}}"
    assert "nested in itself" in complaint(tmp_path, head + f"clusters: [{{name: k, cluster: {cluster}}}]")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_in_a_file_there_is_an_answer_or_one_sentence(data: st.DataObject) -> None:
    text = (A + B.replace("current-context: yy", "")) if data.draw(st.booleans()) else ""
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        junk = st.sampled_from(
            [": ", "- ", "[", "}", "*a", "&a ", "<<: ", "!!binary ", "\t", "\0", "'", "|\n", "~"]
        )
        text = text[:place] + data.draw(junk | st.text(max_size=6)) + text[place + cut :]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            config = load_kubeconfig([file])
            for name in config.contexts:
                with contextlib.suppress(KubeconfigError):
                    config.context(name)
        except KubeconfigError as error:
            assert error.sentence() == printable(error.sentence())
