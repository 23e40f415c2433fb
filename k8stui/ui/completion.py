"""Completions for the `:` line. Pure: the line so far and the names there are, in; candidates, out.

A candidate is the whole line as it would be, so that taking one never loses what was typed before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from k8stui.ui.commands import VERB_HELP, VERBS, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST = 300


class Candidate(Struct, frozen=True):
    """One way to go on."""

    line: str
    """The whole line, were this taken."""
    text: str
    """What to show for it."""
    about: str = ""


class Sources(Struct, frozen=True):
    """The names that can be completed, as they are at this moment."""

    kinds: Callable[[str], Iterable[tuple[str, str]]]
    """Prefix -> (name, what it is), best first."""
    namespaces: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    aliases: Mapping[str, str] = {}
    actions: tuple[tuple[str, str], ...] = ()
    """What can be done here: (command, what it does)."""
    names: Callable[[str, str], Iterable[tuple[str, str]]] = lambda wants, of: ()
    """For log queries: names for a key of the language, or for "name" and a kind."""
    files: Callable[[str], Iterable[tuple[str, str]]] = lambda typed: ()
    """Start of a path -> (path, what it is)."""


def complete(line: str, sources: Sources) -> list[Candidate]:
    """Ways to go on from `line` (without its colon), best first."""
    before, _blank, word = line.rpartition(" ")
    head = before.split(" ", 1)[0] if before else ""
    if not before:
        return _first_word(line.lstrip(), sources)[:MOST]
    if VERBS.get(head.lower()) is Verb.LOGS:
        return _logs(head, line.partition(" ")[2], sources)[:MOST]
    if VERBS.get(head.lower()) is Verb.APPLY:
        return [
            Candidate(f"{head} {path}", path, about)
            for path, about in sources.files(line.partition(" ")[2].lstrip())
        ][:MOST]
    if "/" in before:
        return []
    return [
        Candidate(f"{before} {lead}{name}", f"{lead}{name}", about)
        for lead, name, about in _later_word(head, before, word, sources)
    ][:MOST]


def _first_word(word: str, sources: Sources) -> list[Candidate]:
    low = word.lower()
    found: dict[str, Candidate] = {}
    for alias, meaning in sorted(sources.aliases.items()):
        if alias.startswith(low):
            found[alias] = Candidate(alias, alias, f"alias: {meaning}")
    verbs = [verb for verb in VERB_HELP if verb.startswith(low)]
    kinds = list(sources.kinds(low))
    exact = [kind for kind in kinds if kind[0] == low]
    actions = [action for action in sources.actions if action[0].startswith(low)]
    told = [*((verb, VERB_HELP[verb]) for verb in verbs), *actions] if low else []
    for name, about in [*exact, *told, *kinds]:
        found.setdefault(name, Candidate(name, name, about))
    if not low:
        for verb in verbs:
            found.setdefault(verb, Candidate(verb, verb, VERB_HELP[verb]))
    return list(found.values())


def _logs(head: str, query: str, sources: Sources) -> list[Candidate]:
    """Which logs: a language of its own."""
    from k8stui.ui.logs.completing import completions

    return [
        Candidate(f"{head} {whole}", text, about) for whole, text, about in completions(query, sources.names)
    ]


def _later_word(head: str, before: str, word: str, sources: Sources) -> list[tuple[str, str, str]]:
    verb = VERBS.get(head.lower())
    if word.startswith("@") or verb is Verb.CONTEXT:
        lead = "@" if word.startswith("@") else ""
        return [(lead, name, "context") for name in _matching(word.removeprefix("@"), sources.contexts)]
    if verb is Verb.THEME:
        return [("", name, "theme") for name in _matching(word, sources.themes)]
    if verb is Verb.LAYOUT:
        return [("", name, "") for name in _matching(word, ("reset",))]
    if verb is Verb.CREATE:
        return [("", name, about) for name, about in sources.kinds(word.lower())]
    if verb not in (None, Verb.NAMESPACE) or "=" in word or word.startswith("/"):
        return []
    if word.startswith("-") and verb is None:
        return [("", name, about) for name, about in _OPTIONS if name.startswith(word)]
    if before.endswith((" -l", " --selector", " -L")):
        return []
    lead, _comma, last = word.rpartition(",")
    taken = set(lead.split(",")) if lead else set()
    names = [name for name in _matching(last, sources.namespaces) if name not in taken]
    return [(f"{lead}," if lead else "", name, "namespace") for name in names]


_OPTIONS = (
    ("-n", "in these namespaces"),
    ("-A", "in all namespaces"),
    ("-l", "with these labels"),
    ("-L", "with columns for labels"),
)


def _matching(word: str, names: Iterable[str]) -> list[str]:
    """Names that start with the word, then those that contain it."""
    low = word.lower()
    starts = [name for name in names if name.lower().startswith(low)]
    within = [name for name in names if low in name.lower() and not name.lower().startswith(low)]
    return starts + within
