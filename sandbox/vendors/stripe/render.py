"""What leaves the account: copies of its objects without the sandbox's own fields."""


def plain(value):
	"""A copy without names that start with an underscore."""
	if isinstance(value, dict):
		return {key: plain(one) for key, one in value.items() if not key.startswith("_")}
	return [plain(one) for one in value] if isinstance(value, list) else value
