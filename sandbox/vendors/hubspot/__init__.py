"""HubSpot: a portal with its records, associations, consent and webhooks.

`Portal` is the world; `HubSpot` serves it, under dated paths (/crm/objects/2026-03/...) and legacy ones
(/crm/v3/objects/...). Where no source tells, the sandbox does the following, and a real account may differ:

- the first company of a contact or deal becomes the primary one; when it goes, none takes its place;
- contacts keep the first one's id in a merge, other objects get a new one; old ids find what they became;
- a contact made with the e-mail of one in the recycle bin takes over its values under a new id;
- an address that was erased for privacy is refused afterwards;
- a lifecycle stage that would move back is passed over without an error;
- an upsert by `email` is done whole or not at all; by another unique property row by row;
- NEQ, NOT_IN and NOT_CONTAINS_TOKEN leave out records without a value;
- rows that sort alike come in an order that is always the same and means nothing;
- ids of associated records are numbers in v4, strings in dated versions;
- a delivery that is repeated has the same bytes and signature, so `attemptNumber` stays 0 and the time is the first;
- DYNAMIC lists stay empty; up to 100,000 ids fit in one membership call;
- association ids of leads, and codes and sub-categories of some errors;
- a value that is not a JSON string is refused (HubSpot converts some), so that nobody comes to rely on it.
"""

from sandbox.vendors.hubspot.portal import Portal
from sandbox.vendors.hubspot.vendor import HubSpot

__all__ = ["HubSpot", "Portal"]
