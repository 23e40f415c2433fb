"""The screen: Textual application, panes, widgets, dialogs."""
