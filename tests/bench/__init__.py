"""Figures, measured in one run on one machine: ``python -m tests.bench [SCENARIO ...]``.

Every figure is printed beside what it is compared with in the same run. These are not
tests: they take minutes and depend on the machine. The issue's limits stand beside each.
"""

import k8stui.ui  # noqa: F401  before any Textual: it sets the beat of the screen for widgets measured alone too
