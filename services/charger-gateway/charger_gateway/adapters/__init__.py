"""Where the gateway touches the world: OCPP sockets, HTTP, frame blocks, the log's tails."""
