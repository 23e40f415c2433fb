"""What log lines say about themselves, and which of them a query shows."""
