"""Editing, creating and applying: drafts, the pipeline from text to server, and what opens editors."""
