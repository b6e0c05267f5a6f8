"""Floor 9: what plugin authors run on their work."""
