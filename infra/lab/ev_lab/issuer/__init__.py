"""The lab's own small OpenID provider, so that signing in needs no installation; production takes any other."""
