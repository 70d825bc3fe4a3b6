"""The house rules that no ready-made tool checks, each a function from files to complaints."""
