"""Reusable widgets that know no cluster."""
