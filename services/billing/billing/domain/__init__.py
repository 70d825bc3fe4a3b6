"""What makes an entry balanced and an invoice right; pure functions over frozen records."""
