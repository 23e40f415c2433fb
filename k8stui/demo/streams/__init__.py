"""What moves in both directions or without end: logs, exec, attach, port-forward of the simulated cluster.

`routes.register` hangs the handlers into the server. Nothing here changes an object of the store: what a
process does to its container is told through `Runtime.on_exit`, and the simulated kubelet writes it down.
"""
