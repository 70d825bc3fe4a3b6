"""The charge point operator's read model: the network live, its sessions with their timeline, its invoices."""
