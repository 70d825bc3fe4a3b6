"""Who stands outside the platform: stations, a roaming partner. They keep a journal of what they said and were told."""
