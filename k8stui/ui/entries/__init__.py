"""The actions there are. A new one is one entry in one of these modules."""

from __future__ import annotations

from k8stui.ui.actions import Registry
from k8stui.ui.entries import (
    anatomy,
    editing,
    forwards,
    go,
    logs,
    operations,
    panes,
    program,
    reading,
    rows,
    shells,
    tables,
)


def all_actions() -> Registry:
    """Every action of the program, in the order in which help lists them."""
    return Registry(
        [
            *shells.ACTIONS,
            *operations.ACTIONS,
            *forwards.ACTIONS,
            *editing.ACTIONS,
            *rows.ACTIONS,
            *tables.ACTIONS,
            *logs.ACTIONS,
            *anatomy.ACTIONS,
            *reading.ACTIONS,
            *go.ACTIONS,
            *panes.ACTIONS,
            *program.ACTIONS,
        ]
    )
