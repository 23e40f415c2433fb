"""Live collections: list, watch, resume, and who reads what they hold."""
