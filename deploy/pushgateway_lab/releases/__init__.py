"""Upstream's release archives of both servers on the control machine: named, fetched, checked, unpacked.

Nothing here talks to a host. `fetch` uses the network and the cache; all other modules are pure.
"""
