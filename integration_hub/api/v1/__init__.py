"""The public API, version 1: /api/method/integration_hub.api.v1.<module>.<function>

One module for each kind of thing. Functions here say what they take and give; everything that is alike for all of them
(input, errors, pages, ETags, Idempotency-Key, limits) is in `api/rest`. For callers: docs/api.md.
"""
