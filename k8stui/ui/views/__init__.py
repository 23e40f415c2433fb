"""One module per thing shown."""
