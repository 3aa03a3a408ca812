"""The portal's HTTP API, one module for each family of paths."""
