"""What opens editors: rows, drafts, files, templates. Owns the drafts, and the schemas of the cluster."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8stui.kube.drafts import Draft, DraftStore, DraftTarget, new_id
from k8stui.ui.rights import READ_ONLY
from k8stui.ui.spec import Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.catalog import Kind
    from k8stui.kube.schemas import Schemas
    from k8stui.ui.actions import Place
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.commands import Command
    from k8stui.ui.views.editor import EditorView

ASK_LIMIT = 2.0
"""Seconds that the answer to "may I" is waited for."""
MOST_OBJECTS = 20
"""So many objects are opened in one buffer."""
READ_LIMIT = 30.0
"""Seconds that reading the objects may take."""


class EditDesk:
    """Opens editors and keeps their drafts."""

    def __init__(self, app: K8stuiApp) -> None:
        self.app = app
        folder = app.state.path.parent / "drafts" if app.state.path is not None else None
        self.store = DraftStore(folder)
        self._schemas: tuple[object, Schemas] | None = None
        self._sealed: dict[tuple[str, str], dict[str, Any]] = {}
        self._offered: set[str] = set()
        self._outside: set[str] = set()

    @property
    def schemas(self) -> Schemas | None:
        """The schemas of the cluster that is open."""
        from k8stui.kube.schemas import Schemas

        cluster: Any = self.app.session.cluster
        if cluster is None:
            return None
        if self._schemas is None or self._schemas[0] is not cluster:
            self._schemas = (cluster, Schemas(lambda: cluster.connection))
        return self._schemas[1]

    # Opening

    def command(self, command: Command) -> None:
        """`:apply`, `:create`, `:drafts`, once they are checked."""
        from k8stui.ui.commands import Verb

        if command.verb is Verb.DRAFTS:
            self.choose_draft()
        elif command.verb is Verb.APPLY:
            self.apply(command.argument)
        elif command.argument:
            self.create(command.argument)
        else:
            from k8stui.ui.dialogs.edit_forms import ask_what

            ask_what(self.app)

    def check(self, command: Command) -> None:
        """Whether `:apply` and `:create` can be done here. Raises CommandError."""
        from k8stui.ui.commands import CommandError, Verb

        if self.app.session.readonly:
            raise CommandError(READ_ONLY)
        if command.verb is Verb.CREATE and command.argument:
            kind = self.app.session.catalog.find(command.argument)
            if kind is None:
                raise CommandError(f"This server has no kind {command.argument!r}.")
            if kind.verbs and not kind.can("create"):
                raise CommandError(f"The server does not let anybody create {kind.plural}.")

    def edit(self, place: Place, subresource: str = "", *, external: bool = False) -> None:
        """Open the row, or the marked rows, in an editor; a draft that is kept of them is offered."""
        kind = place.kind
        if kind is None or not place.objects:
            return
        if len(place.objects) > MOST_OBJECTS:
            self.app.complain(
                f"{len(place.objects)} rows are marked; at most {MOST_OBJECTS} are edited at once."
            )
            return
        targets = [
            DraftTarget(kind.name, each.metadata.name, each.metadata.namespace or "", each.metadata.uid or "")
            for each in place.objects
        ]
        what = targets[0].name if len(targets) == 1 else f"{len(targets)} {kind.plural}"
        opening = partial(self._edit, kind, targets, subresource, external=external)
        self.app.main.typeahead.await_dialog(opening, f"asking whether you may change {what}", "edit")

    async def _edit(
        self, kind: Kind, targets: list[DraftTarget], subresource: str, *, external: bool
    ) -> bool:
        """True when an editor was opened, which has the keys then."""
        for target in targets:
            if not await self.may("patch", kind, target.namespace, target.name, subresource):
                return False
        context = self.app.session.state_key
        found = self.store.find(context, targets, subresource)
        if found is not None:
            answer = await self._ask_draft(found)
            if answer is None:
                return False
            if answer == "draft":
                await self.open(found, external=external)
                return True
            self.store.discard(found.id)
        noun = (kind.singular or kind.kind).lower()
        title = f"{noun} {targets[0].name}" if len(targets) == 1 else f"{len(targets)} {kind.plural}"
        draft = Draft(new_id(), context, "edit", title, targets, subresource)
        self.store.hold(draft)
        await self.open(draft, external=external)
        return True

    async def may(self, verb: str, kind: Kind, namespace: str, name: str = "", subresource: str = "") -> bool:
        """Whether the user may do it; if not, it is said. What the server does not tell soon may be tried."""
        from k8stui.kube.errors import KubeError
        from k8stui.ui.rights import Question

        access: Any = getattr(self.app.session.cluster, "access", None)
        namespace = namespace if kind.namespaced else ""
        if access is None:
            return True
        try:
            async with asyncio.timeout(ASK_LIMIT):
                allowed = bool(await access.can(verb, kind, namespace, subresource=subresource)) or (
                    bool(name) and bool(await access.can(verb, kind, namespace, name, subresource))
                )
        except (KubeError, TimeoutError):
            return True
        if not allowed:
            self.app.complain(Question(verb, kind, namespace, subresource).refusal())
        return allowed

    async def _ask_draft(self, draft: Draft) -> str | None:
        from k8stui.ui.dialogs.choose import Choice, ChooseDialog

        choices = [
            Choice("draft", "Go on with the draft", f"{draft.title}, of {draft.saved}"),
            Choice("anew", "Throw the draft away, and edit what the server has"),
        ]
        return await self.app.push_screen_wait(ChooseDialog("There is a draft of this", choices))

    async def open(self, draft: Draft, *, external: bool = False) -> None:
        """Show a draft in the focused pane; `external`: go on in the user's editor at once."""
        if external:
            self._outside.add(draft.id)
        target = None
        if len(draft.targets) == 1:
            one = draft.targets[0]
            kind = self.app.session.catalog.find(one.kind)
            noun = (kind.singular or kind.kind).lower() if kind is not None else one.kind
            target = Target(one.kind, one.name, one.namespace, one.uid, noun)
        await self.app.navigator.open(ViewSpec(view=ViewType.EDITOR, target=target, draft=draft.id))

    def opened(self, view: EditorView) -> None:
        """An editor has its text."""
        if view.draft is not None and view.draft.id in self._outside:
            from k8stui.ui.editing.external import edit_outside

            self._outside.discard(view.draft.id)
            self.app.run_worker(edit_outside(view), group="edit", exit_on_error=False)

    async def opening(self, view: EditorView) -> tuple[str, str]:
        """Read what an editor is about; its text, and the text that would be no change. Raises KubeError."""
        from k8stui.kinds.editing.objects import edit_text
        from k8stui.kube.errors import KubeError

        draft = view.draft
        assert draft is not None
        if not draft.targets:
            return draft.text, ""
        try:
            read = await self._read(draft)
        except KubeError:
            if not draft.text:
                raise
            # The draft can be edited without the server; it is asked again when it is saved.
            read = []
        if not draft.text:
            view.bases = read
            text = await asyncio.to_thread(edit_text, [base.cleaned for base in read])
            return text, text
        view.bases, view.sealed = await asyncio.to_thread(self._bases, draft, read)
        original = edit_text([base.cleaned for base in view.bases])
        return draft.text, original

    async def _read(self, draft: Draft) -> list[Any]:
        from k8stui.kube import editing
        from k8stui.kube.errors import ConnectionLost
        from k8stui.ui.editing.items import Base

        cluster: Any = self.app.session.cluster

        async def one(target: DraftTarget) -> Any:
            kind = self._kind(target.kind)
            obj = await editing.read(
                cluster.connection, kind, target.namespace, target.name, draft.subresource
            )
            if not draft.subresource:
                # a list leaves them out, and so do some old servers in single answers
                obj = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
            return Base(kind, obj, draft.subresource)

        try:
            async with asyncio.timeout(READ_LIMIT):
                return list(await asyncio.gather(*(one(target) for target in draft.targets)))
        except TimeoutError:
            raise ConnectionLost(f"{draft.title} was not read within {READ_LIMIT:.0f} s") from None

    def _kind(self, name: str) -> Kind:
        from k8stui.kube.errors import KubeError

        kind = self.app.session.catalog.find(name)
        if kind is None:
            raise KubeError(f"This server has no kind {name!r}")
        return kind

    def _bases(self, draft: Draft, read: Sequence[Any]) -> tuple[list[Any], bool]:
        """The objects that a draft was made from; whether values of Secrets in them are still unknown."""
        from k8stui.kinds.editing.secrets import unsealed
        from k8stui.ui.editing.items import Base

        bases, sealed = [], False
        for target, obj in zip(draft.targets, draft.bases, strict=False):
            now = next((each for each in read if each.obj["metadata"]["name"] == target.name), None)
            if now is not None:
                obj = unsealed(obj, now.obj)
            elif target.kind == "secrets":
                sealed = True
            bases.append(Base(self._kind(target.kind), obj, draft.subresource))
        return bases, sealed

    async def unseal(self, view: EditorView) -> None:
        """Learn the values of Secrets that a draft from the disk does not hold. Raises KubeError."""
        if view.sealed and view.draft is not None:
            read = await self._read(view.draft)
            view.bases, view.sealed = await asyncio.to_thread(self._bases, view.draft, read)

    # Drafts

    def keep(self, draft: Draft) -> str:
        """Write a draft; values of Secrets that nobody typed are not in it. May be called in a thread."""
        from msgspec import structs

        from k8stui.kinds.editing.secrets import remasked, sealed
        from k8stui.kinds.yaml_noise import is_secret

        bases, text = [], draft.text
        for obj in draft.bases:
            if not is_secret(obj):
                bases.append(obj)
                continue
            text = remasked(text, obj.get("data") or {})
            metadata = obj.get("metadata") or {}
            key = (str(metadata.get("uid", "")), str(metadata.get("resourceVersion", "")))
            if key not in self._sealed:
                from k8stui.kinds.editing.objects import without_last_applied

                self._sealed[key] = without_last_applied(sealed(obj))
            bases.append(self._sealed[key])
        return self.store.write(structs.replace(draft, bases=bases, text=text))

    def offer(self) -> None:
        """Say once for each context that drafts are there from before."""
        key = self.app.session.state_key
        if self.app.session.cluster is None or key in self._offered:
            return
        self._offered.add(key)
        count = len(self.store.all(key))
        if count:
            drafts = "A draft of an edit is" if count == 1 else f"{count} drafts of edits are"
            self.app.say(f"{drafts} kept from before: :drafts opens them.")

    def choose_draft(self) -> None:
        """List the drafts of this context."""
        from k8stui.ui.dialogs.choose import Choice, choose

        drafts = {draft.id: draft for draft in self.store.all(self.app.session.state_key)}
        if not drafts:
            self.app.say("No drafts are kept for this context.")
            return
        choices = [Choice(draft.id, f"{draft.mode} {draft.title}", draft.saved) for draft in drafts.values()]

        def go(draft_id: str) -> None:
            self.app.run_worker(self.open(drafts[draft_id]), group="edit", exit_on_error=False)

        self.app.run_worker(choose(self.app, "Drafts", choices, go), group="dialog")

    def discard(self, view: EditorView) -> None:
        """Throw away what was typed, and leave."""
        view.forget_draft()
        self.app.run_worker(self.leave(view), group="edit", exit_on_error=False)

    async def leave(self, view: EditorView) -> None:
        """Back to what the pane showed before; the draft stays if it was not applied."""
        for pane in self.app.main.workspace.panes.values():
            if pane.view is view:
                await pane.leave()
                pane.focus_view()
                return

    # Creating and applying

    async def new_text(self, mode: str, title: str, text: str) -> None:
        """An editor with a text of its own."""
        draft = Draft(new_id(), self.app.session.state_key, mode, title, text=text)
        self.store.hold(draft)
        await self.open(draft)

    def create(self, name: str) -> None:
        """`:create KIND`: a template of the kind, made from its schema."""
        kind = self.app.session.catalog.find(name)
        if kind is None:
            return
        what = f"reading the schema of {kind.plural}"
        self.app.main.typeahead.await_dialog(partial(self._create, kind), what, "edit")

    async def _create(self, kind: Kind) -> bool:
        from k8stui.kinds.editing.templates import template
        from k8stui.kube.errors import KubeError

        if not await self.may("create", kind, self.namespace):
            return False
        schema = None
        if self.schemas is not None:
            try:
                schema = await self.schemas.of(kind.group, kind.version, kind.kind)
            except KubeError as error:
                self.app.complain(f"The schema could not be read: {error.sentence()}.")
        text = template(kind, schema, self.namespace)
        await self.new_text("create", (kind.singular or kind.kind).lower(), text)
        return True

    def expose(self, place: Place) -> None:
        """A form for a service in front of the row's pods."""
        if place.kind is not None and place.objects:
            meta = place.objects[0].metadata
            opening = partial(self._expose, place.kind, meta.namespace, meta.name)
            self.app.main.typeahead.await_dialog(opening, f"reading {meta.name}", "edit")

    async def _expose(self, kind: Kind, namespace: str, name: str) -> bool:
        from k8stui.kinds.editing.forms import exposed
        from k8stui.kube import editing
        from k8stui.kube.errors import KubeError
        from k8stui.ui.dialogs.edit_forms import open_form

        cluster: Any = self.app.session.cluster
        try:
            obj = await editing.read(cluster.connection, kind, namespace, name)
        except KubeError as error:
            self.app.complain(error.sentence())
            return False
        selector, port = exposed({"kind": kind.kind, **obj})
        given = {"name": name, "namespace": namespace, "selector": selector, "port": port}
        open_form(self.app, "expose", given)
        return True

    @property
    def namespace(self) -> str:
        """The namespace for objects that name none: the one in use, if it is one."""
        names = self.app.session.namespaces
        return names[0] if len(names) == 1 else "default"

    def apply(self, argument: str) -> None:
        """`:apply FILE` or `FOLDER`; without one what is in the clipboard, or an empty buffer to paste."""
        self.app.run_worker(self._apply(argument), group="edit", exit_on_error=False)

    async def _apply(self, argument: str) -> None:
        if not argument:
            text = self.app.clipboard if "kind:" in self.app.clipboard else ""
            if not text:
                self.app.say("Paste what is to be applied; ctrl-s tries it and shows what it would change.")
            await self.new_text("apply", "pasted", text or "\n")
            return
        from k8stui.ui.editing.manifests import read_manifests

        try:
            text = await asyncio.to_thread(read_manifests, Path(argument))
        except (OSError, ValueError) as error:
            said = f"{argument}: {getattr(error, 'strerror', None) or error}"
            self.app.complain(f"{said.rstrip('.')}.")
            return
        await self.new_text("apply", Path(argument).name or argument, text)
