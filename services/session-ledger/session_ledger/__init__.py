"""What was charged, when and by whom: sessions derived from every reading."""
