"""Shells on the screen: sessions of the engine with terminals of their own, the dock, and what opens them."""
