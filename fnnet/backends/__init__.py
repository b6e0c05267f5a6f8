"""Floor 2: dtypes, devices, backends, the kernel table and the kernel contract."""
