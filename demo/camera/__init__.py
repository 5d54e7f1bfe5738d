"""Live camera streams over a WebSocket: frames in, annotated frames out."""
