"""A table for any number of live rows."""
