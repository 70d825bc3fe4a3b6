"""The lab's own small OpenID provider: nothing has to be installed to sign in; production takes any other by settings."""
