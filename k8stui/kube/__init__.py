"""The API server: requests, watches, logs, live collections. No screen in here."""
