"""The smallest honest plugin of fnnet: one faster kernel, one optimizer, one initializer, one file format.

Nothing is imported here: importing `fnnet_example.plugin` imports this package, and must stay cheap.
"""
