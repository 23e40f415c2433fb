"""A viewer for any number of lines."""
