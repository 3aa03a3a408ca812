"""The shop and its locations."""

from sandbox.vendors.shopify.resolvers.registry import gid, resolves
from sandbox.vendors.shopify.resolvers.root import find
from sandbox.vendors.shopify.search import nested


@resolves("Shop.currencyCode")
def shop_currency(shop, context):
	return shop.currency


@resolves("Shop.contactEmail")
def shop_email(shop, context):
	return shop.email


@resolves("Shop.shopOwnerName")
def shop_owner(shop, context):
	return shop.owner


@resolves("Shop.enabledPresentmentCurrencies")
def shop_presentment(shop, context):
	return [shop.currency, *shop.rates]


@resolves("Shop.orderNumberFormatPrefix")
def shop_order_prefix(shop, context):
	return shop.order_prefix


@resolves("Shop.ianaTimezone")
def shop_timezone(shop, context):
	# zones without summer time, so that the offset is the whole truth
	hours = int(shop.timezone.utcoffset(None).total_seconds() // 3600)
	return f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"


@resolves("Shop.timezoneAbbreviation")
def shop_timezone_abbreviation(shop, context):
	return shop.timezone.tzname(None)


@resolves("Shop.timezoneOffset")
def shop_offset(shop, context):
	return shop.now().astimezone(shop.timezone).strftime("%z")


@resolves("Shop.timezoneOffsetMinutes")
def shop_offset_minutes(shop, context):
	return int(shop.timezone.utcoffset(None).total_seconds() // 60)


@resolves("Shop.myshopifyDomain")
def shop_domain(shop, context):
	return shop.domain


@resolves("Shop.url")
def shop_url(shop, context):
	return f"https://{shop.domain}"


@resolves("Shop.primaryDomain")
def shop_primary_domain(shop, context):
	return {
		"id": gid("Domain", shop.id),
		"host": shop.domain,
		"sslEnabled": True,
		"url": f"https://{shop.domain}",
	}


@resolves("Shop.plan")
def shop_plan(shop, context):
	return {"partnerDevelopment": True, "publicDisplayName": shop.plan, "shopifyPlus": False}


@resolves("Shop.shopAddress")
def shop_address(shop, context):
	return shop.primary_location.address


@resolves("Location.hasActiveInventory")
def location_has_inventory(location, context):
	return any(location.id in item.levels for item in context.shop.items.values())


@resolves("Location.inventoryLevel")
def location_level(location, context, inventoryItemId, includeInactive=False):
	item = find(context, "InventoryItem", inventoryItemId)
	return if_active(item.levels.get(location.id), includeInactive) if item else None


@resolves("Location.inventoryLevels")
def location_levels(location, context, includeInactive=False, query=None, **window):
	levels = [item.levels[location.id] for item in context.shop.items.values() if location.id in item.levels]
	return nested([one for one in levels if if_active(one, includeInactive)], **window)


def if_active(level, include_inactive: bool):
	return level if level and (level.is_active or include_inactive) else None


@resolves("LocationAddress.formatted", "MailingAddress.formatted")
def address_formatted(address, context, withName=False, withCompany=True):
	parts = [
		address.name if withName else None,
		address.company if withCompany else None,
		address.address1,
		address.address2,
		" ".join(part for part in (address.city, address.province_code, address.zip) if part),
		address.country,
	]
	return [part for part in parts if part]


@resolves("MailingAddress.formattedArea")
def address_area(address, context):
	return ", ".join(part for part in (address.city, address.country) if part) or None
