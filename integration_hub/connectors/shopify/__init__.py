"""Shopify: orders, products, customers, stock and parcels over the GraphQL Admin API 2026-10, and webhooks.

Sources: Shopify's Admin API schema 2026-10 (every query is validated against it in the tests) and shopify.dev.
"""

from __future__ import annotations

from integration_hub.connectors.shopify.fulfilment import Fulfils
from integration_hub.connectors.shopify.lists import Lists
from integration_hub.connectors.shopify.stock import Stock
from integration_hub.connectors.shopify.webhooks import Webhooks


class Shopify(Lists, Stock, Fulfils, Webhooks):
	"""One shop at Shopify."""
