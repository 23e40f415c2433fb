"""The reader of logs: which lines it shows, how they look, and where they come from.

`views/logs.py` puts these modules together; the widgets below them know lines only, and nothing of logs.
"""
