"""Shells, commands and attachments in containers: connected, kept alive, lost and opened again."""
