"""Floor 0: what an operation is, what a rule may call, how errors look, what the environment says."""
