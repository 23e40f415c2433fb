"""A text with a cursor, folds and links."""
