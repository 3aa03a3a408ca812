"""What every method of the public API is made of: typed input, pages, ETags, Idempotency-Key, limits, errors.

The methods themselves are in `api/v1`, one module for each kind of thing; docs/api.md tells how to call them.
"""
