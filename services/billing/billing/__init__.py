"""billing owns the books: one balanced entry per rated session and book, and invoices with gapless numbers."""
