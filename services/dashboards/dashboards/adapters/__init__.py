"""The outside: the read-model APIs, the OpenID provider, and the browser."""
