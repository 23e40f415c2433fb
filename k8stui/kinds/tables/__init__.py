"""Columns of kinds: the text of each cell, its order, and what is wrong."""
