"""OCPP-J over WebSocket: frames, schemas, dialects, sockets."""
