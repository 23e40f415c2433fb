"""The result of a JSONPath over an object, or over all objects of a kind in a scope.

Objects are read page by page and evaluated beside the screen's loop. Values of secrets stay masked until they
are asked for. What is evaluated is what was read: `r` reads again, a single object is read when it changes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from k8stui.kinds.yaml_noise import Reveal, is_secret, readable
from k8stui.kinds.yaml_text import Document
from k8stui.ui.spec import ViewType
from k8stui.ui.views.base import Title
from k8stui.ui.views.reading import ObjectView
from k8stui.ui.views.yaml import YamlContent

if TYPE_CHECKING:
    from k8stui.kinds.jsonpath import JsonPath
    from k8stui.kube.catalog import Kind

PAGE = 200
"""Objects of a page: so many are decoded at once."""
MOST_READ = 20_000
LIMIT = 60.0
"""Seconds that reading a whole list may take."""


class Prepared(NamedTuple):
    """What was read and found."""

    raw: dict[str, Any]
    content: YamlContent
    found: int
    secret: bool
    problem: str = ""


class JsonPathView(ObjectView):
    """What a path finds."""

    view_type: ClassVar[ViewType] = ViewType.JSONPATH
    noun = "jsonpath"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._count = 0
        self._read_count = 0
        self._revealed = False
        self._secret = False
        self._trouble = ""
        self._listing = False

    # Reading

    def _start(self) -> None:
        if self.target is not None:
            super()._start()
            return
        self.close()
        cluster = self._read_from = self.session.cluster
        if cluster is None:
            self.viewer.placeholder = self.session.problem or f"{self.session.step}…"
            return
        self._kind = self.session.catalog.find(self.spec.kind)
        if self._kind is None:
            self._say(f"This server has no kind {self.spec.kind!r}.")
            return
        self.read()

    async def _read(self, cluster: Any, kind: Kind) -> None:
        if self.target is not None:
            await super()._read(cluster, kind)
            return
        from k8stui.kube.errors import KubeError

        self._listing = True
        self.post_message(self.Changed(self))
        try:
            async with asyncio.timeout(LIMIT):
                items, note = await self._list(cluster, kind)
            prepared = await asyncio.to_thread(self._evaluate, {"kind": "List", "items": items}, kind)
        except KubeError as error:
            self._say(error.sentence())
            return
        except TimeoutError:
            self._say(f"{kind.plural} were not read within {LIMIT:.0f} s. Choose fewer namespaces.")
            return
        finally:
            self._listing = False
        self._problem = note
        self.present(prepared)
        self.post_message(self.Changed(self))

    async def _list(self, cluster: Any, kind: Kind) -> tuple[list[dict[str, Any]], str]:
        """The objects of the scope, and what is to be said of them."""
        items: list[dict[str, Any]] = []
        base = {"limit": str(PAGE)}
        if self.spec.label_selector:
            base["labelSelector"] = self.spec.label_selector
        if self.spec.field_selector:
            base["fieldSelector"] = self.spec.field_selector
        for namespace in (self.namespaces or ("",)) if kind.namespaced else ("",):
            params = dict(base)
            while True:
                answer = await cluster.connection.request("GET", kind.path(namespace), params=params)
                token = await self._take(answer.body, kind, items)
                self._read_count = len(items)
                self.post_message(self.Changed(self))
                if not token:
                    break
                if len(items) >= MOST_READ:
                    return items, f"the first {len(items):,} objects only"
                params = {**base, "continue": token}
        return items, ""

    async def _take(self, body: bytes, kind: Kind, items: list[dict[str, Any]]) -> str:
        """Decode a page into the list; the token of the next one."""
        import msgspec

        page: dict[str, Any] = msgspec.json.decode(body)
        await asyncio.sleep(0)
        keep = "managedFields" in self.spec.query
        for item in page.get("items") or ():
            if not keep:
                (item.get("metadata") or {}).pop("managedFields", None)
            items.append({"apiVersion": kind.api_version, "kind": kind.kind, **item})
        return str((page.get("metadata") or {}).get("continue") or "")

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> Prepared:
        import msgspec

        raw = {"apiVersion": kind.api_version, "kind": kind.kind, **msgspec.json.decode(body)}
        return await asyncio.to_thread(self._evaluate, raw, kind)

    def _evaluate(self, raw: dict[str, Any], kind: Kind) -> Prepared:
        """Runs in a thread: follow the path and make lines of what it finds."""
        from k8stui.kinds.jsonpath import parse_path
        from k8stui.kinds.jsonpath_result import result_of
        from k8stui.kinds.jsonpath_syntax import JsonPathError

        secret = kind.name == "secrets"
        value = _masked(raw, Reveal.DECODED if self._revealed else Reveal.MASKED) if secret else raw
        try:
            path: JsonPath = parse_path(self.spec.query)
            result = result_of(path, value)
        except JsonPathError as error:
            return Prepared(raw, YamlContent(Document((), {})), 0, secret, str(error))
        return Prepared(raw, YamlContent(Document(result.lines, result.blocks)), result.found, secret)

    def present(self, prepared: Prepared) -> None:
        self.took(prepared.raw)
        self._count, self._secret, self._trouble = prepared.found, prepared.secret, prepared.problem
        if not len(prepared.content):
            self.viewer.placeholder = prepared.problem or "Nothing is found there."
        self.viewer.show(prepared.content)

    # What can be asked

    @property
    def is_secret(self) -> bool:
        """There are values that are masked."""
        return self._secret

    def reveal(self) -> None:
        """Show the values of secrets, or mask them again."""
        self._revealed = not self._revealed
        kind, raw = self._kind, self.raw
        if kind is not None and raw is not None:
            self.run_worker(self._again(raw, kind), group="read", exclusive=True, exit_on_error=False)

    async def _again(self, raw: dict[str, Any], kind: Kind) -> None:
        self.present(await asyncio.to_thread(self._evaluate, raw, kind))
        self.post_message(self.Changed(self))

    @property
    def objects(self) -> tuple[Any, ...]:
        return () if self.target is None else super().objects

    def rescope(self) -> None:
        if self.target is None:
            self._start()
        else:
            super().rescope()

    def title(self) -> Title:
        title = super().title()
        scope = title.scope
        if self.target is None and self._kind is not None:
            scope = ",".join(self.namespaces) or "all" if self._kind.namespaced else ""
            scope = f"{self._kind.plural} {scope}".strip()
        state, bad = title.state, title.trouble
        if self._trouble:
            state, bad = self._trouble, True
        elif self._listing:
            state, bad = f"reading {self._read_count:,}", False
        elif self.target is None and state == "live":
            state = "as read; r reads again"
        number = f"{self._count:,}" if self._count else ""
        return Title(title.name, scope, number, (self.spec.query, *title.notes), state, bad)


def _masked(raw: dict[str, Any], how: Reveal) -> dict[str, Any]:
    """The secret, or the list of secrets, with its values masked or decoded."""
    if raw.get("kind") == "List":
        return {**raw, "items": [_masked(item, how) for item in raw["items"]]}
    if not is_secret(raw):
        return raw
    keys = [key for part in ("data", "stringData") for key in (raw.get(part) or {})]
    return readable(raw, reveal=dict.fromkeys(keys, how))
