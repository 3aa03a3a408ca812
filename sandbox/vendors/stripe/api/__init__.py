"""The REST API under /v1: each module has the parameters and handlers of a few resources."""
