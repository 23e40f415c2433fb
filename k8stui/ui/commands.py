"""What a line typed after `:` means. Pure: text in, a Command or a CommandError out.

Nothing here knows which kinds a server has; `closest` helps those who do. A line
is never guessed at: what is not understood is an error that names it, and the line stays as it was typed.

    po                      the kind, in the namespaces in use
    deploy kube-system      in a namespace (several: a,b)
    po -n a,b   po -A       the same by option; all namespaces
    po app=web,tier!=db     a label selector (also -l app=web)
    po -L app,tier          with a column for each of these labels
    po /regex               a filter: everything after the slash, to the end
    po @context             in another context
    logs deploy/web level>=warn   logs that a query selects
    evict   an action by its name, on the selected row or the marked ones
    ns a,b   ctx name   theme light   help   q
"""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, structs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Verb(StrEnum):
    """What a command does."""

    OPEN = "open"
    """Show a kind; `kind` holds it as typed."""
    NAMESPACE = "namespace"
    """With namespaces use them, without list them."""
    CONTEXT = "context"
    """With a context switch to it, without list them."""
    THEME = "theme"
    LAYOUT = "layout"
    LOGS = "logs"
    SHELL = "shell"
    DEBUG = "debug"
    FORWARDS = "forwards"
    TREE = "tree"
    JSONPATH = "jsonpath"
    APPLY = "apply"
    CREATE = "create"
    DRAFTS = "drafts"
    ACT = "act"
    """An action of the registry; `argument` is its command. Only who knows the kinds can tell."""
    HELP = "help"
    RETRY = "retry"
    QUIT = "quit"


VERBS: dict[str, Verb] = {
    "ns": Verb.NAMESPACE,
    "namespace": Verb.NAMESPACE,
    "namespaces": Verb.NAMESPACE,
    "ctx": Verb.CONTEXT,
    "context": Verb.CONTEXT,
    "contexts": Verb.CONTEXT,
    "theme": Verb.THEME,
    "skin": Verb.THEME,
    "layout": Verb.LAYOUT,
    "logs": Verb.LOGS,
    "shell": Verb.SHELL,
    "shells": Verb.SHELL,
    "debug": Verb.DEBUG,
    "pf": Verb.FORWARDS,
    "forwards": Verb.FORWARDS,
    "portforward": Verb.FORWARDS,
    "tree": Verb.TREE,
    "xray": Verb.TREE,
    "jsonpath": Verb.JSONPATH,
    "jp": Verb.JSONPATH,
    "apply": Verb.APPLY,
    "create": Verb.CREATE,
    "drafts": Verb.DRAFTS,
    "help": Verb.HELP,
    "h": Verb.HELP,
    "?": Verb.HELP,
    "retry": Verb.RETRY,
    "q": Verb.QUIT,
    "q!": Verb.QUIT,
    "qa": Verb.QUIT,
    "quit": Verb.QUIT,
    "exit": Verb.QUIT,
}

VERB_HELP: dict[str, str] = {
    "ns": "namespaces; with names: use these",
    "ctx": "contexts; with a name: switch to it",
    "theme": "change the colours",
    "logs": "logs of the selected pod; with a query: of all it selects (deploy/web level>=warn since:1h)",
    "shell": "the shells that are open; with a number or name: go to it",
    "debug": "what debugging has created, to be cleaned up",
    "apply": "apply a file or a folder; alone: what is pasted",
    "create": "create an object of a kind; alone: asks which",
    "drafts": "edits that were not saved: go on with one",
    "tree": "what belongs to the selected object, or to the one named: tree deploy/web",
    "jsonpath": "follow a path through the object or all objects of the table: {.items[*].metadata.name}",
    "pf": "the port-forwards, with what went through them",
    "layout": "reset: back to nodes, pods, events and logs",
    "retry": "connect again now",
    "help": "every key and what it does",
    "quit": "leave",
}

NAME_ONE = "write kind/name or kind/namespace/name, or press shift-x on its row"
"""How to say of which object the tree is wanted."""
ALL_NAMESPACES = "*"
"""What stands for all namespaces where a name is expected; kubectl's and k9s's `all` is taken too."""


class Command(Struct, frozen=True):
    """One understood line."""

    verb: Verb
    kind: str = ""
    namespaces: tuple[str, ...] | None = None
    """None: those in use; (): all of them."""
    label_selector: str = ""
    labels: tuple[str, ...] = ()
    """Labels that shall have a column each (`-L`)."""
    filter: str = ""
    """What follows `/`, with its `!`, `-l` or `-f`."""
    context: str = ""
    argument: str = ""


class CommandError(Exception):
    """A line that is not understood. Its text is one sentence; `position` is where the trouble starts."""

    def __init__(self, sentence: str, position: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.position = position


_TOKEN = re.compile(
    r"""(?P<filter>/.*$)|(?P<quote>["'])(?P<quoted>.*?)(?P=quote)|(?P<word>[^\s"']+)|(?P<open>["'])"""
)
_SELECTOR = re.compile(r"(!?=|\bnotin\b|\bin\b|^!)")


class _Token(Struct, frozen=True):
    text: str
    start: int
    quoted: bool = False
    is_filter: bool = False


def tokens(text: str) -> list[_Token]:
    """The words of a line. Quotes keep blanks together; a word that starts with `/` takes the rest."""
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        if match["filter"] is not None and (match.start() == 0 or text[match.start() - 1].isspace()):
            found.append(_Token(match["filter"][1:].strip(), match.start(), is_filter=True))
        elif match["filter"] is not None:
            found.append(_Token(match["filter"], match.start()))
        elif match["quoted"] is not None:
            found.append(_Token(match["quoted"], match.start(), quoted=True))
        elif match["open"] is not None:
            raise CommandError(f"The quote {match['open']} is not closed.", match.start())
        else:
            found.append(_Token(match["word"], match.start()))
    return found


def expand_alias(text: str, aliases: Mapping[str, str]) -> str:
    """The line with its first word replaced by what the user's settings say it stands for."""
    for _ in range(8):  # aliases may stand for aliases, but not for themselves
        head, _blank, rest = text.strip().partition(" ")
        if head not in aliases or aliases[head].split(" ", 1)[0] == head:
            break
        text = f"{aliases[head]} {rest}".strip()
    return text


def parse(text: str, aliases: Mapping[str, str] | None = None) -> Command:
    """What a line (without its colon) means.

    Raises CommandError, in words for the user, for a line that is not understood.
    """
    line = expand_alias(text.lstrip(": "), aliases or {})
    words = tokens(line)
    if not words:
        raise CommandError("Type a kind or a command: pods, deploy kube-system, ns, ctx, theme, help, q.")
    head, rest = words[0], words[1:]
    if head.is_filter:
        raise CommandError("A filter needs a kind before it: po /regex. For this pane's rows press / alone.")
    verb = None if head.quoted else VERBS.get(head.text.lower())
    if verb is Verb.NAMESPACE:
        return _namespace(rest)
    if verb is Verb.LOGS:
        return _logs(line)
    if verb is Verb.JSONPATH:
        return _jsonpath(line)
    if verb is Verb.APPLY:
        # a path may begin with a slash and hold blanks
        return Command(verb, argument=line.strip().partition(" ")[2].strip().strip("\"'"))
    if verb is None:
        return _open(head, rest)
    return _simple(verb, head, rest)


def _simple(verb: Verb, head: _Token, rest: list[_Token]) -> Command:
    one = (Verb.CONTEXT, Verb.THEME, Verb.LAYOUT, Verb.SHELL, Verb.HELP, Verb.CREATE, Verb.TREE)
    most = int(verb in one)
    if len(rest) > most:
        extra = rest[most]
        if verb is Verb.TREE:
            raise CommandError(f"{head.text} is about one object: {NAME_ONE}.", extra.start)
        raise CommandError(
            f"{head.text} takes {most or 'no'} argument{'s' * (most != 1)}; {extra.text!r} is one too many.",
            extra.start,
        )
    argument = rest[0].text if rest else ""
    if verb is Verb.CONTEXT:
        return Command(verb, context=argument.removeprefix("@"))
    return Command(verb, argument=argument)


_LOG_OPTIONS = {
    **dict.fromkeys(("-n", "--namespace"), "ns:{}"),
    **dict.fromkeys(("-l", "--selector"), "label:{}"),
    **dict.fromkeys(("-c", "--container"), "container:^{}$"),
    "--since": "since:{}",
    "--tail": "tail:{}",
}
"""Options of `kubectl logs`, with the term of a query that means the same."""
_LOG_SWITCHES = {"-A": "ns:*", "--all-namespaces": "ns:*", "-f": "", "--follow": ""}


def _logs(line: str) -> Command:
    """The rest of the line is a query of its own language, quotes and slashes included."""
    from k8stui.kube.logs.query import QueryError, parse_query

    head, _blank, typed = line.strip().partition(" ")
    query = typed
    try:
        query = _without_options(typed)
        parse_query(query)
    except QueryError as error:
        place = line.find(typed) + error.at if query == typed != "" else len(head)
        said = str(error)
        if said.split()[0].strip(":") not in error.term:  # what was typed stays as it was typed
            said = said[:1].upper() + said[1:]
        raise CommandError(f"{said}.", place) from None
    return Command(Verb.LOGS, argument=query.strip())


def _without_options(query: str) -> str:
    """A query with terms in place of options of `kubectl logs`, which fingers know. Raises QueryError."""
    from k8stui.kube.logs.query import split_terms

    begins = [at for at, _term in split_terms(query)]
    words = [query[at:end].strip() for at, end in zip(begins, [*begins[1:], len(query)], strict=True)]
    terms: list[str] = []
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("-") or option in _LOG_SWITCHES:
            terms.append(_LOG_SWITCHES.get(option, word))
            continue
        form = _LOG_OPTIONS.get(option)
        if form is None:
            options = ", ".join(("-n NAMESPACES", "-A", "-l SELECTOR", "-c CONTAINER", "--since", "--tail"))
            raise CommandError(f"There is no option {option!r} here; there are {options}.")
        if not equals and not words:
            raise CommandError(f"{option} needs a value after it.")
        terms.append(form.format(value if equals else words.pop(0)))
    return " ".join(filter(None, terms))


def _jsonpath(line: str) -> Command:
    """The rest of the line is a path, with quotes and blanks of its own."""
    from k8stui.kinds.jsonpath.path import parse_path
    from k8stui.kinds.jsonpath.syntax import JsonPathError

    path = line.strip().partition(" ")[2].strip()
    if not path:
        raise CommandError("jsonpath needs a path after it: jsonpath {.items[*].metadata.name}.")
    try:
        parse_path(path)
    except JsonPathError as error:
        raise CommandError(str(error), line.find(path) + error.at) from None
    return Command(Verb.JSONPATH, argument=path)


def namespaces_of(text: str) -> tuple[str, ...]:
    """Names parted by commas, each once; `*`, `all` and `-` stand for all namespaces, which is ()."""
    names = tuple(dict.fromkeys(part for part in text.split(",") if part))
    return () if any(name in (ALL_NAMESPACES, "all", "-") for name in names) else names


def _namespace(rest: list[_Token]) -> Command:
    if not rest:
        return Command(Verb.NAMESPACE)
    if rest[0].is_filter:
        return Command(Verb.OPEN, kind="namespaces", filter=rest[0].text)
    if rest[0].text == "-A":
        return Command(Verb.NAMESPACE, namespaces=())
    return Command(Verb.NAMESPACE, namespaces=namespaces_of(",".join(word.text for word in rest)))


def _open(head: _Token, rest: list[_Token]) -> Command:
    command = Command(Verb.OPEN, kind=head.text)
    index = 0
    while index < len(rest):
        word = rest[index]
        following = rest[index + 1] if index + 1 < len(rest) else None
        command, used = _argument(command, word, following)
        index += used
    return command


def _argument(command: Command, word: _Token, following: _Token | None) -> tuple[Command, int]:
    """The command with one more argument taken, and how many words it took."""
    text = word.text
    if word.is_filter:
        return structs.replace(command, filter=text), 1
    if text in ("-n", "--namespace", "-l", "--selector", "-L", "--label-columns"):
        if following is None or following.is_filter:
            raise CommandError(f"{text} needs a value after it.", word.start)
        if text in ("-n", "--namespace"):
            return structs.replace(command, namespaces=namespaces_of(following.text)), 2
        if text in ("-L", "--label-columns"):
            keys = tuple(filter(None, following.text.split(",")))
            return structs.replace(command, labels=(*command.labels, *keys)), 2
        return _with_selector(command, following.text), 2
    if text in ("-A", "--all-namespaces"):
        return structs.replace(command, namespaces=()), 1
    if text.startswith("--namespace="):
        return structs.replace(command, namespaces=namespaces_of(text.partition("=")[2])), 1
    if text.startswith("-n") and len(text) > 2:
        return structs.replace(command, namespaces=namespaces_of(text[2:].removeprefix("="))), 1
    if text.startswith("-") and text != "-":
        options = ", ".join(("-n NAMESPACES", "-A", "-l SELECTOR", "-L LABELS"))
        raise CommandError(f"There is no option {text!r} here; there are {options}.", word.start)
    if text.startswith("@"):
        if len(text) == 1:
            raise CommandError("@ needs the name of a context right after it.", word.start)
        return structs.replace(command, context=text[1:]), 1
    if _SELECTOR.search(text):
        return _with_selector(command, text), 1
    if command.namespaces is not None:
        raise CommandError(f"{text!r} is not understood: the namespace is already given.", word.start)
    return structs.replace(command, namespaces=namespaces_of(text)), 1


def _with_selector(command: Command, selector: str) -> Command:
    joined = f"{command.label_selector},{selector}" if command.label_selector else selector
    return structs.replace(command, label_selector=joined)


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, if any is near enough."""
    known, word = list(names), word.lower()
    begun = [name for name in known if len(word) > 2 and name.startswith(word)]
    found = difflib.get_close_matches(word, begun or known, n=1, cutoff=0.2 if begun else 0.6)
    return found[0] if found else None


def unknown(what: str, word: str, names: Iterable[str]) -> CommandError:
    """An error for a name that does not exist, with the closest one that does."""
    names = list(names)
    near = closest(word, names)
    if near is not None:
        return CommandError(f"There is no {what} {word!r}. Did you mean {near!r}?")
    some = ", ".join(sorted(names)[:12])
    return CommandError(f"There is no {what} {word!r}." + (f" There are: {some}." if some else ""))
