"""Sessions: what decides, and the arithmetic beneath it; pure."""
