"""The browser's side: signing in, pages, panels, live changes."""
