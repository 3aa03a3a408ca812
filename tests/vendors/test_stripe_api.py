"""The account refuses what Stripe refuses, and in its words; keys, versions, forms, idempotency, troubles."""

import json
import subprocess
import sys
import threading

import pytest
import requests

from sandbox.vendors.stripe import Account, Stripe
from tests.vendors.conftest import PROJECT
from tests.vendors.stripe_calls import Caller, link_of, session_of

# ---- keys and versions


def test_only_the_right_key_is_let_in(stripe_vendor, calls):
	wrong = Caller(calls.url, key="sk_test_of_somebody_else").ask("GET", "balance")
	assert (wrong.status_code, wrong.json()["error"]["type"]) == (401, "invalid_request_error")
	assert wrong.json()["error"]["message"].startswith("Invalid API Key provided: sk_test_***")
	assert "somebody" not in wrong.text
	none = requests.get(f"{calls.url}/v1/balance", timeout=10)
	assert none.status_code == 401 and "did not provide an API key" in none.json()["error"]["message"]
	basic = requests.get(f"{calls.url}/v1/balance", auth=("sk_test_sandbox", ""), timeout=10)
	assert basic.status_code == 200
	calls.do("set_key", secret_key="sk_test_new")
	expired = calls.ask("GET", "balance")
	assert (expired.status_code, expired.json()["error"]["code"]) == (401, "api_key_expired")
	assert Caller(calls.url, key="sk_test_new").read("balance")["object"] == "balance"


def test_another_account_is_out_of_reach(account, calls):
	assert calls.ask("GET", "balance", Stripe_Account="acct_1Other").status_code == 403
	assert calls.ask("GET", "balance", Stripe_Account=account.id).status_code == 200


@pytest.mark.parametrize(
	"version,status", [("2026-07-29.dahlia", 200), ("2026-10-28.endive", 200), ("2026-07-30.dahlia", 400)]
)
def test_versions(calls, version, status):
	answer = calls.ask("GET", "balance", Stripe_Version=version)
	assert answer.status_code == status
	if status == 200:
		assert answer.headers["Stripe-Version"] == version


def test_an_old_version_is_the_sandbox_s_own_refusal(calls):
	answer = calls.ask("GET", "balance", Stripe_Version="2024-06-20")
	assert answer.json()["error"]["code"] == "sandbox_unsupported"


def test_payment_method_types_went_with_endive(calls):
	form = session_of(1000, **{"payment_method_types[0]": "card"})
	assert calls.post("checkout/sessions", form).status_code == 200
	later = Caller(calls.url, version="2026-09-30.endive")
	assert later.error("checkout/sessions", form)["code"] == "parameter_unknown"
	form = session_of(1000, **{"allowed_payment_method_types[0]": "card"})
	assert later.made("checkout/sessions", form)["payment_method_types"] == ["card"]
	assert calls.error("checkout/sessions", form)["code"] == "parameter_unknown"
	intent = {"amount": 1000, "currency": "usd", "payment_method_types[]": "card"}
	assert calls.post("payment_intents", intent).status_code == 200
	assert later.error("payment_intents", intent)["code"] == "parameter_unknown"


def test_answers_have_the_shape_of_the_version_that_was_asked_for(calls):
	made = calls.made("checkout/sessions", session_of(1000))
	assert made["ui_mode"] == "hosted_page" and "allowed_payment_method_types" not in made
	later = Caller(calls.url, version="2026-10-28.endive").read("checkout/sessions")["data"][0]
	assert later["allowed_payment_method_types"] is None
	earlier = Caller(calls.url, version="2026-02-25.clover")
	assert earlier.made("checkout/sessions", session_of(1000, ui_mode="hosted"))["ui_mode"] == "hosted"
	assert calls.error("checkout/sessions", session_of(1000, ui_mode="hosted"))["param"] == "ui_mode"


# ---- forms


def test_json_is_not_taken(calls):
	answer = requests.post(
		f"{calls.url}/v1/customers", json={"name": "Ada"}, auth=("sk_test_sandbox", ""), timeout=10
	)
	assert answer.status_code == 400
	assert "application/x-www-form-urlencoded" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
	"path,form,code,param",
	[
		("customers", {"nickname": "Ada"}, "parameter_unknown", "nickname"),
		("customers", {"address[planet]": "Mars"}, "parameter_unknown", "address[planet]"),
		("customers", {"email": "ada"}, "email_invalid", "email"),
		("customers", {"name": "x" * 257}, None, "name"),
		("customers", {"metadata[a][b]": "1"}, None, "metadata"),
		("customers", {"metadata[a]": "x" * 501}, None, "metadata"),
		("customers", {"expand[]": "nonsense"}, None, "expand"),
		("payment_intents", {"currency": "usd"}, "parameter_missing", "amount"),
		("payment_intents", {"amount": "", "currency": "usd"}, "parameter_invalid_empty", "amount"),
		("payment_intents", {"amount": "10.5", "currency": "usd"}, "parameter_invalid_integer", "amount"),
		("payment_intents", {"amount": "1e3", "currency": "usd"}, "parameter_invalid_integer", "amount"),
		("payment_intents", {"amount": "-100", "currency": "usd"}, "parameter_invalid_integer", "amount"),
		("payment_intents", {"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
		("payment_intents", {"amount": 100_000_000, "currency": "usd"}, "amount_too_large", "amount"),
		("payment_intents", {"amount": 100, "currency": "xxx"}, None, "currency"),
		("payment_intents", {"amount": 100, "currency": "USD"}, None, "currency"),
		("payment_intents", {"amount": 100, "currency": "usd", "confirm": "yes"}, None, "confirm"),
		("payment_intents", {"amount": 1001, "currency": "kwd"}, "invalid_charge_amount", "amount"),
		(
			"payment_intents",
			{"amount": 4010, "currency": "isk"},
			"invalid_charge_amount_no_decimal_compatible",
			"amount",
		),
		(
			"payment_intents",
			{"amount": 100, "currency": "usd", "customer": "cus_x"},
			"resource_missing",
			"customer",
		),
		("refunds", {"payment_intent": "pi_x"}, "resource_missing", "payment_intent"),
		("refunds", {}, "parameter_missing", None),
		("refunds", {"charge": "ch_x", "payment_intent": "pi_x"}, "parameters_exclusive", "charge"),
		("refunds", {"charge": "ch_x", "reason": "because"}, None, "reason"),
		("payment_links", {"line_items": "x"}, None, "line_items"),
		("payment_links", link_of(100, expires_at=1), "parameter_unknown", "expires_at"),
		("payment_links", link_of(20), "amount_too_small", None),
		("checkout/sessions", link_of(100, mode="payment"), "parameter_missing", "success_url"),
		("checkout/sessions", session_of(100, client_reference_id="x" * 201), None, "client_reference_id"),
		("checkout/sessions", session_of(100, expires_at=1), None, "expires_at"),
		("checkout/sessions", session_of(100, mode="subscription"), None, "mode"),
		(
			"webhook_endpoints",
			{"url": "http://example.com/hook", "enabled_events[]": "*"},
			"url_invalid",
			"url",
		),
		(
			"webhook_endpoints",
			{"url": "https://example.com/hook", "enabled_events[]": "charge.paid"},
			None,
			"enabled_events[0]",
		),
	],
)
def test_bad_parameters(calls, path, form, code, param):
	error = calls.error(path, form)
	assert (error.get("code"), error.get("param")) == (code, param), error
	assert error["type"] == "invalid_request_error" and error["message"]


def test_what_is_refused_leaves_nothing_behind(account, calls):
	"""Product and price of a link are made first; they must be gone with it."""
	before = {name: len(table) for name, table in account.tables.items()}
	assert calls.error("payment_links", link_of(20))["code"] == "amount_too_small"
	after = {name: len(table) for name, table in account.tables.items() if table}
	assert after == before


def test_what_is_not_there(calls):
	assert calls.ask("GET", "charges/ch_x").status_code == 404
	error = calls.ask("GET", "payment_intents/pi_x").json()["error"]
	assert (error["code"], error["param"]) == ("resource_missing", "intent")
	assert error["message"] == "No such payment_intent: 'pi_x'"
	assert calls.ask("GET", "nonsense").status_code == 404
	assert calls.ask("PUT", "customers").status_code == 404
	assert requests.post(f"{calls.url}/v2/core/accounts", timeout=10).status_code == 401


def test_metadata_is_merged_and_unset(calls):
	made = calls.made("customers", {"metadata[a]": "1", "metadata[b]": "2"})
	changed = calls.made(f"customers/{made['id']}", {"metadata[a]": "", "metadata[c]": "3"})
	assert changed["metadata"] == {"b": "2", "c": "3"}
	assert calls.made(f"customers/{made['id']}", {"metadata": ""})["metadata"] == {}
	named = calls.made(f"customers/{made['id']}", {"name": "Ada"})
	assert calls.made(f"customers/{named['id']}", {"name": ""})["name"] is None


def test_a_link_needs_no_decimals_where_there_are_none(calls):
	assert calls.made("payment_links", link_of(500, "jpy"))["currency"] == "jpy"
	assert calls.error("payment_links", link_of(505, "isk"))["param"].endswith("[unit_amount]")
	assert calls.error("payment_links", link_of(50, "brl"))["code"] == "sandbox_no_rate"


# ---- lists


def test_pages_run_newest_first_in_both_directions(calls):
	ids = [calls.made("customers", {"name": f"C{number}"})["id"] for number in range(7)][::-1]
	first = calls.read("customers", limit=3)
	assert [one["id"] for one in first["data"]] == ids[:3] and first["has_more"]
	assert first["url"] == "/v1/customers"
	second = calls.read("customers", limit=3, starting_after=ids[2])
	assert [one["id"] for one in second["data"]] == ids[3:6] and second["has_more"]
	last = calls.read("customers", limit=3, starting_after=ids[5])
	assert [one["id"] for one in last["data"]] == ids[6:] and not last["has_more"]
	back = calls.read("customers", limit=2, ending_before=ids[4])
	assert [one["id"] for one in back["data"]] == ids[2:4] and back["has_more"]
	for query in ({"limit": 0}, {"limit": 101}, {"starting_after": "cus_x"}, {"limit": "ten"}):
		assert calls.ask("GET", "customers", params=query).status_code == 400
	both = {"starting_after": ids[0], "ending_before": ids[1]}
	assert calls.ask("GET", "customers", params=both).json()["error"]["code"] == "parameters_exclusive"


def test_lists_by_time(account, calls):
	early = calls.made("customers")
	account.advance_clock(100)
	late = calls.made("customers")
	edge = {"created[gte]": late["created"]}
	assert [one["id"] for one in calls.read("customers", **edge)["data"]] == [late["id"]]
	edge = {"created[lt]": late["created"]}
	assert [one["id"] for one in calls.read("customers", **edge)["data"]] == [early["id"]]
	assert calls.ask("GET", "customers", params={"created[after]": 1}).status_code == 400


def test_expanding(account, calls):
	session = account.pay(calls.made("payment_links", link_of(1000))["id"])
	path = f"payment_intents/{session['payment_intent']}"
	charge = calls.read(path, **{"expand[]": "latest_charge.balance_transaction"})["latest_charge"]
	assert charge["balance_transaction"]["fee"] == 59
	plain = calls.read(path)
	assert isinstance(plain["latest_charge"], str) and not any(name.startswith("_") for name in plain)
	for wrong in ("latest_charge.nonsense", "amount", "latest_charge.balance_transaction.source.customer.x"):
		assert calls.ask("GET", path, params={"expand[]": wrong}).status_code == 400
	assert "line_items" not in calls.read(f"checkout/sessions/{session['id']}")
	rows = calls.read("checkout/sessions", **{"expand[]": "data.line_items"})["data"]
	assert rows[0]["line_items"]["data"][0]["amount_total"] == 1000


# ---- idempotency


def test_a_key_gives_the_first_answer_again(account, calls):
	first = calls.post("customers", {"name": "Ada"}, Idempotency_Key="k1")
	second = calls.post("customers", {"name": "Ada"}, Idempotency_Key="k1")
	assert "Idempotent-Replayed" not in first.headers
	assert second.headers["Idempotent-Replayed"] == "true"
	assert second.headers["Original-Request"] == first.headers["Request-Id"]
	assert first.content == second.content and len(account.all("customer")) == 1
	other = calls.post("customers", {"name": "Bob"}, Idempotency_Key="k1")
	assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
	elsewhere = calls.post("products", {"name": "Ada"}, Idempotency_Key="k1")
	assert (elsewhere.status_code, elsewhere.json()["error"]["type"]) == (400, "idempotency_error")
	calls.do("forget_keys")
	assert calls.post("customers", {"name": "Ada"}, Idempotency_Key="k1").json() != first.json()
	assert calls.post("customers", {"name": "Ada"}, Idempotency_Key="k" * 256).status_code == 400


def test_a_declined_payment_is_replayed_a_refused_form_is_not(calls):
	form = {
		"amount": 1000,
		"currency": "usd",
		"confirm": "true",
		"payment_method": "pm_card_chargeDeclined",
		"return_url": "https://example.com",
	}
	first = calls.post("payment_intents", form, Idempotency_Key="k1")
	assert first.status_code == 402 and first.json()["error"]["code"] == "card_declined"
	assert first.json()["error"]["decline_code"] == "generic_decline"
	assert calls.post("payment_intents", form, Idempotency_Key="k1").headers["Idempotent-Replayed"] == "true"
	assert (
		calls.post("payment_intents", {"amount": 10, "currency": "usd"}, Idempotency_Key="k2").status_code
		== 400
	)
	good = calls.post("payment_intents", {"amount": 1000, "currency": "usd"}, Idempotency_Key="k2")
	assert good.status_code == 200


def test_the_same_key_at_the_same_time(stripe_vendor, account, calls):
	"""The second request does not wait for the first: 409."""
	answers = []
	with stripe_vendor.lock:  # the first one gets as far as the account, and no further
		first = threading.Thread(
			target=lambda: answers.append(calls.post("customers", {"name": "A"}, Idempotency_Key="k"))
		)
		first.start()
		while not stripe_vendor.keys.answers:
			first.join(0.01)
		second = calls.post("customers", {"name": "A"}, Idempotency_Key="k")
	first.join()
	assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
	assert answers[0].status_code == 200 and len(account.all("customer")) == 1
	assert (
		calls.post("customers", {"name": "A"}, Idempotency_Key="k").headers["Idempotent-Replayed"] == "true"
	)


def test_eight_refunds_at_once_give_the_money_back_once(account, calls):
	paid = account.pay(calls.made("payment_links", link_of(1000))["id"])["payment_intent"]
	answers = []
	threads = [
		threading.Thread(target=lambda: answers.append(calls.post("refunds", {"payment_intent": paid})))
		for _ in range(8)
	]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert sorted(one.status_code for one in answers) == [200] + [400] * 7
	assert account.expect(paid)["refunded"] == 1000


# ---- troubles


@pytest.mark.parametrize(
	"kind,status,code",
	[
		("rate_limited", 429, "rate_limit"),
		("lock_timeout", 429, "lock_timeout"),
		("lock_conflict", 409, "lock_timeout"),
		("in_progress", 409, "idempotency_key_in_use"),
		("unauthorised", 401, "api_key_expired"),
		("forbidden", 403, "more_permissions_required"),
		("error", 500, None),
	],
)
def test_troubles_in_stripe_s_words(stripe_vendor, account, calls, kind, status, code):
	stripe_vendor.troubles.add(kind, operation="customers.create")
	answer = calls.post("customers", {"name": "Ada"}, Idempotency_Key="k")
	assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)
	assert "Retry-After" not in answer.headers
	assert not account.all("customer")
	assert calls.post("customers", {"name": "Ada"}, Idempotency_Key="k").status_code == 200


def test_an_answer_that_was_lost_and_one_that_is_kept(stripe_vendor, account, calls):
	stripe_vendor.troubles.add("error_after", operation="customers.create")
	assert calls.post("customers", {"name": "Ada"}, Idempotency_Key="k1").status_code == 500
	again = calls.post("customers", {"name": "Ada"}, Idempotency_Key="k1")
	assert again.status_code == 200 and len(account.all("customer")) == 1
	stripe_vendor.troubles.add("error_stored", operation="customers.create")
	for _ in range(2):
		assert calls.post("customers", {"name": "Bob"}, Idempotency_Key="k2").status_code == 500
	assert [one["name"] for one in account.all("customer")] == ["Bob", "Ada"]


def test_too_many_requests(stripe_vendor, calls):
	stripe_vendor.limits.set(5)
	answers = [calls.ask("GET", "balance") for _ in range(8)]
	refused = [one for one in answers if one.status_code == 429]
	assert refused and refused[0].json()["error"]["code"] == "rate_limit"
	assert refused[0].headers["Stripe-Rate-Limited-Reason"] and "Retry-After" not in refused[0].headers
	assert calls.post("customers").status_code == 200  # writes are counted apart


def test_the_log_names_operations(stripe_vendor, calls):
	calls.post("payment_links", link_of(1000))
	calls.ask("GET", "checkout/sessions/cs_x/line_items")
	assert stripe_vendor.log.count(operation="payment_links.create") == 1
	assert stripe_vendor.log.count(operation="checkout.sessions.*") == 1


# ---- pages, actions and the command line


def test_a_customer_pays_in_a_browser(account, calls):
	link = calls.made("payment_links", link_of(1999, **{"metadata[invoice]": "INV-1"}))
	page = requests.get(link["url"], timeout=10)
	assert "19.99 usd" in page.text and "Invoice INV-1" in page.text
	declined = requests.post(page.url, data={"do": "decline"}, timeout=10)
	assert "declined" in declined.text
	paid = requests.post(page.url, data={"do": "pay"}, timeout=10, allow_redirects=False)
	assert paid.status_code == 303
	(session,) = account.all("checkout.session")
	assert (session["status"], session["metadata"]) == ("complete", {"invoice": "INV-1"})
	assert "complete" in requests.get(page.url, timeout=10).text


def test_actions_over_http(calls):
	link = calls.made("payment_links", link_of(1000))
	session = calls.do("pay", what=link["id"])
	assert calls.do("expect", payment=session["id"])["net"] == 941
	assert calls.do("balance")["usd"] == {"available": 0, "pending": 941}
	refused = requests.post(
		f"{calls.url}/_sandbox/do/refund", json={"payment": session["id"], "amount": 9999}, timeout=10
	)
	assert refused.status_code == 400 and "greater than unrefunded amount" in refused.json()["error"]


def test_the_command_line(tmp_path):
	seed = {
		"account": {"currency": "eur", "rates": {"usd": "0.92"}},
		"secret_key": "sk_test_cli",
		"prices": [{"name": "Plan", "amount": 900, "interval": "month"}],
		"customers": [{"email": "ada@example.com", "method": "pm_card_visa"}],
		"subscriptions": [{"amount": 500}],
		"webhook": {"url": "http://127.0.0.1:9/hook", "events": ["payout.paid"]},
	}
	file = tmp_path / "seed.json"
	file.write_text(json.dumps(seed))
	command = [sys.executable, "-m", "sandbox.vendors", "stripe", "--seed", str(file)]
	with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
		try:
			known = json.loads(process.stdout.readline())
			calls = Caller(known["url"], key=known["secret_key"])
			assert known["webhook_secret"].startswith("whsec_")
			assert calls.read("account")["id"] == known["account"]
			assert calls.read("subscriptions")["data"][0]["status"] == "active"
			assert calls.do("balance")["eur"]["pending"] == 500 - 45
		finally:
			process.terminate()


def test_accounts_do_not_share_anything():
	one, two = Stripe(Account()), Stripe(Account())
	one.account.add_customer(name="Ada")
	assert not two.account.all("customer") and one.account.id != two.account.id
