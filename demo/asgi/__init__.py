"""The ASGI application: routes, body limit, head script, source archive."""
