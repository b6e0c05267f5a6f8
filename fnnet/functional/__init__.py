"""Floor 4: pure functions. Each op is one block of its family: definition, derivative, samples, public function."""
