"""Live cameras over a WebSocket: frames in, drawn answers out."""
