"""Findings: from objects and events to evidence and next steps. Pure functions."""
