"""Outgoing webhooks: what happens in ERPNext, told to whoever has subscribed to it.

- `catalogue`: the events that can be subscribed to;
- `subscriptions`: what listeners (Connections of the connector "webhooks") want to hear, checked and looked up;
- `content`: what is told of a document, within the rights of the listener's user;
- `telling`: in the user's own transaction a happening becomes Events;
- `delivering`: a worker delivers them, and a listener that takes nothing for days is switched off.
"""
