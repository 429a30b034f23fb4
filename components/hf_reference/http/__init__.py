"""The HTTP skin: handlers unpack, ask the world, and wrap; no decision is taken here.

``desk`` stands in front of all routes and sees every call: request ids, faults, the store, the journal. Test-only
routes are registered apart and pass it by.
"""
