"""Where roaming touches partners, people and the vault."""
