"""Modal screens that ask the user something."""
