"""The service provider's read model: what its drivers charged, what that costs, invoices bought and sold."""
