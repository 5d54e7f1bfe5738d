"""The ASGI application: routes, checks and limits of requests, head script, source archive."""
