"""How objects belong together: owners, traffic, what is used and by whom."""
