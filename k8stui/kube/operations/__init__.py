"""What can be done to objects of a cluster, as data: plans of requests, and the running of them.

`plans` says what a plan is, the modules here make them (pure functions of what was read), `reading` reads
what they need, `running` carries them out. No plan is ever made for a name alone: every request carries
the uid of the object that was meant, so that nothing is done to another one that has taken its name.
"""
