"""The pane tree: splitting, closing, resizing, and fitting any screen."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.ui.layout import (
    Axis,
    Direction,
    Leaf,
    Rect,
    Split,
    Tree,
    arrange,
    fit_width,
    is_sound,
    leaves,
    make_split,
    move_border,
    neighbour,
    remove,
    resize,
    share_out,
    split,
)

FOUR: Tree = Split(
    Axis.COLUMN,
    (
        Split(Axis.ROW, (Leaf("nodes"), Leaf("pods")), (0.4, 0.6)),
        Split(Axis.ROW, (Leaf("events"), Leaf("logs")), (0.5, 0.5)),
    ),
    (0.55, 0.45),
)


def test_four_panes_share_a_wide_screen_in_two_rows() -> None:
    panes = arrange(FOUR, Rect(0, 0, 160, 48)).panes
    assert panes["nodes"] == Rect(0, 0, 64, 26)
    assert panes["pods"] == Rect(65, 0, 95, 26)
    assert panes["events"].y == panes["logs"].y == 26
    assert panes["logs"].y + panes["logs"].height == 48


def test_a_narrow_screen_stacks_panes_and_gives_the_focused_one_most() -> None:
    arrangement = arrange(FOUR, Rect(0, 0, 80, 22), "pods")
    panes = arrangement.panes
    assert [panes[name].x for name in leaves(FOUR)] == [0, 0, 0, 0]
    assert sum(rect.height for rect in panes.values()) == 22
    assert max(panes, key=lambda name: panes[name].height) == "pods"
    assert not arrangement.folded


def test_a_low_screen_folds_what_is_away_from_the_focus() -> None:
    arrangement = arrange(FOUR, Rect(0, 0, 80, 12), "events")
    assert "events" not in arrangement.folded
    assert arrangement.panes["events"].height >= 5
    assert {arrangement.panes[name].height for name in arrangement.folded} == {1}


def test_on_a_small_screen_others_fold_for_what_is_read() -> None:
    arrangement = arrange(FOUR, Rect(0, 0, 80, 22), "pods", wanted=16)
    assert arrangement.panes["pods"].height >= 16
    assert sum(rect.height for rect in arrangement.panes.values()) == 22
    assert {"events", "logs"} & arrangement.folded
    assert arrange(FOUR, Rect(0, 0, 160, 48), "pods", wanted=16).folded == frozenset()


def test_splitting_halves_a_pane() -> None:
    tree = split(Leaf("a"), "a", Axis.ROW, "b")
    tree = split(tree, "b", Axis.COLUMN, "c")
    assert leaves(tree) == ["a", "b", "c"]
    panes = arrange(tree, Rect(0, 0, 201, 40)).panes
    assert panes["a"] == Rect(0, 0, 100, 40)
    assert panes["b"] == Rect(101, 0, 100, 20)


def test_splitting_along_the_same_axis_keeps_one_flat_row() -> None:
    tree = split(split(Leaf("a"), "a", Axis.ROW, "b"), "a", Axis.ROW, "c")
    assert isinstance(tree, Split)
    assert tree.shares == (0.25, 0.25, 0.5)


def test_closing_gives_the_room_to_the_neighbours() -> None:
    tree = remove(FOUR, "nodes")
    assert tree is not None
    assert leaves(tree) == ["pods", "events", "logs"]
    assert arrange(tree, Rect(0, 0, 160, 40)).panes["pods"].width == 160
    assert remove(Leaf("a"), "a") is None


def test_resizing_moves_the_nearest_border_by_so_many_cells() -> None:
    size = Rect(0, 0, 161, 40)
    wider = resize(FOUR, "nodes", Direction.RIGHT, 8, size)
    before, after = arrange(FOUR, size).panes, arrange(wider, size).panes
    assert after["nodes"].width - before["nodes"].width == pytest.approx(8, abs=1)
    lower = resize(FOUR, "logs", Direction.UP, 4, size)
    assert before["logs"].y - arrange(lower, size).panes["logs"].y == pytest.approx(4, abs=1)


def test_a_border_cannot_swallow_a_pane() -> None:
    tree = move_border(FOUR, (), 0, 5.0)
    assert isinstance(tree, Split)
    assert min(tree.shares) > 0


def test_titles_are_the_borders_between_stacked_panes() -> None:
    arrangement = arrange(FOUR, Rect(0, 0, 160, 48))
    assert set(arrangement.title_borders) == {"events", "logs"}
    assert [border.axis for border in arrangement.borders] == [Axis.ROW, Axis.ROW]


@pytest.mark.parametrize(
    ("origin", "direction", "expected"),
    [
        ("nodes", Direction.RIGHT, "pods"),
        ("nodes", Direction.DOWN, "events"),
        ("logs", Direction.UP, "pods"),
        ("logs", Direction.LEFT, "events"),
        ("nodes", Direction.LEFT, None),
    ],
)
def test_neighbours(origin: str, direction: Direction, expected: str | None) -> None:
    assert neighbour(arrange(FOUR, Rect(0, 0, 160, 48)).panes, origin, direction) == expected


def test_a_tree_survives_being_written_and_read() -> None:
    read = msgspec.json.decode(msgspec.json.encode(FOUR), type=Leaf | Split)
    assert read == FOUR
    assert is_sound(read)


def test_a_tree_with_a_pane_twice_is_not_sound() -> None:
    assert not is_sound(Split(Axis.ROW, (Leaf("a"), Leaf("a")), (0.5, 0.5)))
    assert not is_sound(Split(Axis.ROW, (Leaf("a"), Leaf("b")), (0.5,)))


def test_rows_that_fit_stay_rows() -> None:
    assert fit_width(FOUR, 160) == FOUR
    assert make_split(Axis.ROW, [Leaf("a")], [1.0]) == Leaf("a")


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.floats(0.01, 1), st.integers(0, 20)), min_size=1, max_size=6),
)
def test_shares_always_add_up(total: int, parts: list[tuple[float, int]]) -> None:
    sizes = share_out(total, [share for share, _ in parts], [least for _, least in parts])
    if sum(least for _, least in parts) <= total:
        assert sum(sizes) == total
        assert all(size >= least for size, (_, least) in zip(sizes, parts, strict=True))


@given(
    st.integers(20, 300),
    st.integers(2, 100),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(Axis)), max_size=8),
    st.integers(0, 9),
)
def test_any_tree_fits_any_screen(
    width: int, height: int, splits: list[tuple[int, Axis]], focus: int
) -> None:
    tree: Tree = Leaf("0")
    for number, (where, axis) in enumerate(splits, start=1):
        names = leaves(tree)
        tree = split(tree, names[where % len(names)], axis, str(number))
    names = leaves(tree)
    arrangement = arrange(tree, Rect(0, 0, width, height), names[focus % len(names)])
    taken: set[tuple[int, int]] = set()
    for rect in arrangement.panes.values():
        cells = {
            (x, y) for x in range(rect.x, rect.x + rect.width) for y in range(rect.y, rect.y + rect.height)
        }
        assert not cells & taken
        assert all(0 <= x < width and 0 <= y < height for x, y in cells)
        taken |= cells
    assert arrangement.panes[names[focus % len(names)]].height > 0
