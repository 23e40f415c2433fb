"""The pane tree: which panes there are and how they share the screen.

Pure data and functions of it, in character cells. A leaf is a pane, a split lays its children in a row or a
column and gives each a share. Nothing here knows Textual or what a pane shows, and no function changes its
argument: each returns a new tree.

A pane's first line is its title, which also is the border to the pane above it; panes side by side are parted
by a column of one cell.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIN_WIDTH = 40
"""Narrowest pane in cells; a row that cannot give it to each of its children becomes a column."""
MIN_HEIGHT = 5
"""Lowest open pane in cells: a title, a header and three rows; below that panes fold to their title."""
SMALLEST_SHARE = 0.05
FOCUS_WEIGHT = 2.0
"""How much larger the focused pane is drawn where panes had to be stacked."""


class Axis(StrEnum):
    """How a split lays its children out: side by side or one below the other."""

    ROW = "row"
    COLUMN = "column"


class Direction(StrEnum):
    """Where to look for a neighbour."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"

    @property
    def axis(self) -> Axis:
        """The axis along which this direction moves."""
        return Axis.ROW if self in (Direction.LEFT, Direction.RIGHT) else Axis.COLUMN


class Leaf(Struct, frozen=True, tag="pane"):
    """One pane, by its id."""

    id: str


class Split(Struct, frozen=True, tag="split"):
    """Children and their shares; the shares add up to one and there are at least two children."""

    axis: Axis
    children: tuple[Leaf | Split, ...]
    shares: tuple[float, ...]


Tree = Leaf | Split
Path = tuple[int, ...]


class Rect(NamedTuple):
    """A region in cells."""

    x: int
    y: int
    width: int
    height: int


class Border(NamedTuple):
    """The movable border after child `after` of the split at `path`."""

    path: Path
    after: int
    axis: Axis
    rect: Rect
    extent: int
    """Cells that the split has along its axis: what a share of 1.0 means."""


class Arrangement(NamedTuple):
    """Where everything is: panes by id, borders between columns, and the border that each title is."""

    panes: dict[str, Rect]
    borders: tuple[Border, ...]
    title_borders: dict[str, Border]
    folded: frozenset[str]
    """Panes of which only the title is shown (or nothing, on a very small screen)."""


def leaves(tree: Tree) -> list[str]:
    """Ids of the panes, in reading order."""
    if isinstance(tree, Leaf):
        return [tree.id]
    return [leaf for child in tree.children for leaf in leaves(child)]


def make_split(axis: Axis, children: Sequence[Tree], shares: Sequence[float]) -> Tree:
    """A split of these children: one child stands for itself, children of the same axis are merged."""
    if len(children) == 1:
        return children[0]
    total = sum(shares) or 1.0
    flat: list[Tree] = []
    flat_shares: list[float] = []
    for child, share in zip(children, shares, strict=True):
        if isinstance(child, Split) and child.axis is axis:
            flat.extend(child.children)
            flat_shares.extend(share / total * inner for inner in child.shares)
        else:
            flat.append(child)
            flat_shares.append(share / total)
    return Split(axis, tuple(flat), tuple(flat_shares))


def split(tree: Tree, target: str, axis: Axis, new: str) -> Tree:
    """Halve the pane `target` and put the pane `new` right of it (row) or below it (column)."""
    if isinstance(tree, Leaf):
        return make_split(axis, [tree, Leaf(new)], [0.5, 0.5]) if tree.id == target else tree
    children = [split(child, target, axis, new) for child in tree.children]
    return make_split(tree.axis, children, tree.shares)


def remove(tree: Tree, target: str) -> Tree | None:
    """The tree without the pane `target`; its neighbours take its place. None when nothing is left."""
    if isinstance(tree, Leaf):
        return None if tree.id == target else tree
    kept = [
        (child, share)
        for child, share in zip((remove(child, target) for child in tree.children), tree.shares, strict=True)
        if child is not None
    ]
    if not kept:
        return None
    return make_split(tree.axis, [child for child, _ in kept], [share for _, share in kept])


def move_border(tree: Tree, path: Path, index: int, by: float) -> Tree:
    """Move the border after child `index` of the split at `path` by a share of that split's extent."""
    if isinstance(tree, Leaf):
        return tree
    if path:
        head, *rest = path
        children = list(tree.children)
        children[head] = move_border(children[head], tuple(rest), index, by)
        return Split(tree.axis, tuple(children), tree.shares)
    shares = list(tree.shares)
    both = shares[index] + shares[index + 1]
    first = min(max(shares[index] + by, SMALLEST_SHARE), both - SMALLEST_SHARE)
    if both <= 2 * SMALLEST_SHARE:
        return tree
    shares[index], shares[index + 1] = first, both - first
    return Split(tree.axis, tree.children, tuple(shares))


def _ancestors(tree: Tree, target: str) -> list[tuple[Path, Split, int]]:
    """Splits above a pane, outermost first: path, split, and which child leads to the pane."""
    found: list[tuple[Path, Split, int]] = []
    path: Path = ()
    node = tree
    while isinstance(node, Split):
        index = next((i for i, child in enumerate(node.children) if target in leaves(child)), None)
        if index is None:
            return []
        found.append((path, node, index))
        path, node = (*path, index), node.children[index]
    return found


def resize(tree: Tree, target: str, direction: Direction, cells: int, size: Rect) -> Tree:
    """Move the nearest border of `target` along the direction's axis towards that direction by `cells`.

    The pane's far border (right or bottom) moves; a pane that is last in its split moves its near one.
    """
    sign = 1 if direction in (Direction.RIGHT, Direction.DOWN) else -1
    for path, node, index in reversed(_ancestors(tree, target)):
        if node.axis is direction.axis:
            extent = _extent_of(tree, path, size)
            border = index if index + 1 < len(node.children) else index - 1
            return move_border(tree, path, border, sign * cells / max(extent, 1))
    return tree


def _extent_of(tree: Tree, path: Path, size: Rect) -> int:
    """Cells along the axis of the split at `path` within a screen of `size`."""
    width, height = float(size.width), float(size.height)
    node = tree
    for step in path:
        if isinstance(node, Split):
            if node.axis is Axis.ROW:
                width *= node.shares[step]
            else:
                height *= node.shares[step]
            node = node.children[step]
    return int(width if isinstance(node, Split) and node.axis is Axis.ROW else height)


def fit_width(tree: Tree, width: int) -> Tree:
    """The tree with each row that is too narrow for its children turned into a column."""
    if isinstance(tree, Leaf):
        return tree
    if tree.axis is Axis.COLUMN:
        return make_split(tree.axis, [fit_width(child, width) for child in tree.children], tree.shares)
    room = width - (len(tree.children) - 1)
    if room < MIN_WIDTH * len(tree.children):
        return make_split(Axis.COLUMN, [fit_width(child, width) for child in tree.children], tree.shares)
    widths = share_out(room, tree.shares, [MIN_WIDTH] * len(tree.children))
    children = [fit_width(child, each) for child, each in zip(tree.children, widths, strict=True)]
    return make_split(tree.axis, children, tree.shares)


def share_out(total: int, shares: Sequence[float], minima: Sequence[int]) -> list[int]:
    """Part `total` cells by shares so that none falls below its minimum, where the minima fit at all.

    The results are whole numbers and add up to `total`.
    """
    sizes = [0] * len(shares)
    open_ones = list(range(len(shares)))
    room = total
    while open_ones:
        whole = sum(shares[i] for i in open_ones) or 1.0
        short = [i for i in open_ones if room * shares[i] / whole < minima[i]]
        if not short or len(short) == len(open_ones):
            break
        for i in short:
            sizes[i] = minima[i]
            room -= minima[i]
            open_ones.remove(i)
    whole = sum(shares[i] for i in open_ones) or 1.0
    passed, spent = 0.0, 0
    for i in open_ones:
        passed += shares[i]
        edge = round(max(room, 0) * passed / whole)
        sizes[i], spent = edge - spent, edge
    return sizes


def min_height(tree: Tree) -> int:
    """Cells that a tree needs to be open in all its panes."""
    if isinstance(tree, Leaf):
        return MIN_HEIGHT
    heights = [min_height(child) for child in tree.children]
    return sum(heights) if tree.axis is Axis.COLUMN else max(heights)


def arrange(tree: Tree, size: Rect, focused: str | None = None, wanted: int = 0) -> Arrangement:
    """Where each pane goes on a screen of `size`; the focused pane is the last one to be folded.

    On a screen too narrow for the user's own tree the focused pane gets `wanted` lines, if others have to
    fold for it.
    """
    fitted = fit_width(tree, size.width)
    arrangement = Arrangement({}, (), {}, frozenset())
    borders: list[Border] = []
    folded: set[str] = set()
    _place(fitted, size, (), _Context(arrangement, borders, folded, focused, fitted != tree, wanted))
    return arrangement._replace(borders=tuple(borders), folded=frozenset(folded))


class _Context(NamedTuple):
    result: Arrangement
    borders: list[Border]
    folded: set[str]
    focused: str | None
    squeezed: bool
    """The tree on screen is not the user's tree: borders cannot be moved, the focused pane gets more room."""
    wanted: int


def _place(tree: Tree, rect: Rect, path: Path, context: _Context) -> None:
    if isinstance(tree, Leaf):
        context.result.panes[tree.id] = rect
        if rect.height < 3:
            context.folded.add(tree.id)
        return
    if tree.axis is Axis.ROW:
        _place_row(tree, rect, path, context)
    else:
        _place_column(tree, rect, path, context)


def _place_row(tree: Split, rect: Rect, path: Path, context: _Context) -> None:
    count = len(tree.children)
    room = rect.width - (count - 1)
    x = rect.x
    for index, width in enumerate(share_out(room, tree.shares, [MIN_WIDTH] * count)):
        _place(tree.children[index], Rect(x, rect.y, width, rect.height), (*path, index), context)
        x += width
        if index + 1 < count:
            line = Rect(x, rect.y, 1, rect.height)
            context.borders.append(Border(path, index, Axis.ROW, line, 0 if context.squeezed else room))
            x += 1


def _place_column(tree: Split, rect: Rect, path: Path, context: _Context) -> None:
    heights = _column_heights(tree, rect.height, context)
    y = rect.y
    for index, height in enumerate(heights):
        child = tree.children[index]
        _place(child, Rect(rect.x, y, rect.width, height), (*path, index), context)
        if index and not context.squeezed:
            border = Border(path, index - 1, Axis.COLUMN, Rect(rect.x, y, rect.width, 1), rect.height)
            for leaf in _top_leaves(child):
                context.result.title_borders[leaf] = border
        y += height


def _column_heights(tree: Split, height: int, context: _Context) -> list[int]:
    """Heights of the children; where not all can be open, those away from the focus fold to a title."""
    minima = [min_height(child) for child in tree.children]
    shares = list(tree.shares)
    focus = next((i for i, child in enumerate(tree.children) if context.focused in leaves(child)), 0)
    if context.squeezed:
        shares[focus] *= FOCUS_WEIGHT
        minima[focus] = max(minima[focus], min(context.wanted, height - len(minima) + 1))
    # The ones farthest from the focus fold first; what folds keeps its title as long as there is a line.
    for index in sorted(range(len(minima)), key=lambda i: abs(i - focus), reverse=True):
        if sum(minima) <= height or index == focus:
            break
        minima[index], shares[index] = 1, 0.0
    for index in reversed(range(len(minima))):
        if minima[index] == 1 and index != focus and sum(minima) - minima[focus] >= height:
            minima[index] = 0
    if sum(minima) > height:
        minima[focus] = max(height - sum(m for i, m in enumerate(minima) if i != focus), 0)
    return share_out(height, shares, minima)


def _top_leaves(tree: Tree) -> Iterator[str]:
    """Panes whose title lies on the top edge of the tree."""
    if isinstance(tree, Leaf):
        yield tree.id
    elif tree.axis is Axis.ROW:
        for child in tree.children:
            yield from _top_leaves(child)
    else:
        yield from _top_leaves(tree.children[0])


def neighbour(panes: dict[str, Rect], origin: str, direction: Direction) -> str | None:
    """The pane that one gets to from `origin` in a direction: the nearest, then the one most alongside."""
    here = panes.get(origin)
    if here is None:
        return None
    best: tuple[int, int] | None = None
    found = None
    for name, rect in panes.items():
        if name == origin:
            continue
        gap, overlap = _gap_and_overlap(here, rect, direction)
        if gap < 0 or overlap <= 0:
            continue
        rank = (gap, -overlap)
        if best is None or rank < best:
            best, found = rank, name
    return found


def _gap_and_overlap(here: Rect, there: Rect, direction: Direction) -> tuple[int, int]:
    if direction is Direction.LEFT:
        gap = here.x - (there.x + there.width)
    elif direction is Direction.RIGHT:
        gap = there.x - (here.x + here.width)
    elif direction is Direction.UP:
        gap = here.y - (there.y + there.height)
    else:
        gap = there.y - (here.y + here.height)
    if direction.axis is Axis.ROW:
        overlap = min(here.y + here.height, there.y + there.height) - max(here.y, there.y)
    else:
        overlap = min(here.x + here.width, there.x + there.width) - max(here.x, there.x)
    return gap, overlap


def is_sound(tree: Tree) -> bool:
    """Whether a tree read from a file holds together: unique panes, shares that fit the children."""
    names = leaves(tree)
    return len(names) == len(set(names)) and _shares_fit(tree)


def _shares_fit(tree: Tree) -> bool:
    if isinstance(tree, Leaf):
        return bool(tree.id)
    counts_fit = len(tree.children) == len(tree.shares) >= 2
    return counts_fit and min(tree.shares) > 0 and all(_shares_fit(child) for child in tree.children)
