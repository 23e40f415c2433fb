"""The terminal emulator. Knows neither Textual nor a cluster."""
