"""Port-forwards: local ports whose connections end in pods."""
