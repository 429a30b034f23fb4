"""What runs behind an endpoint's address, by the image that was declared.

A container is a module with ``async def serve(endpoint, call) -> Response``. It is imported by the first request that
needs it, so that the server starts quickly. ``call`` has what every container needs of a request; ``registry`` says
which image runs which.
"""
