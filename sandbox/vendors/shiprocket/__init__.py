"""A Shiprocket account on this machine: orders, couriers, AWBs, labels, pickups, tracking, webhooks, wallet.

What no source confirms is assumed here: a reused `order_id` is refused with 422; a cancelled AWB's money comes back at once;
a second AWB request for a shipment that has one is refused; label and manifest files need no signing in.
"""

from sandbox.vendors.shiprocket.company import Company, Courier
from sandbox.vendors.shiprocket.vendor import Shiprocket

__all__ = ["Company", "Courier", "Shiprocket"]
