"""What docs/webhooks.md gives the receiver's developer to copy does what it says, in each of its languages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from clients.generate import LISTENING
from integration_hub.connectors.webhooks import signing

BODY = '{"type":"customer.created","data":{"name":"Käthe & Söhne 東京"}}'.encode()
SECRET, FORMER, OTHER = (signing.new_secret() for _place in range(3))

#: what is appended to the page's code: it reads one case from standard input and prints 1 or 0
RUN = {
	"python": (
		[sys.executable, "-c"],
		"""
import json, sys
one = json.load(sys.stdin)
print(int(is_ours(one["secret"], one["headers"], one["body"].encode())))
""",
	),
	"js": (
		["node", "-e"],
		"""
const one = JSON.parse(require("fs").readFileSync(0));
console.log(isOurs(one.secret, one.headers, Buffer.from(one.body)) ? 1 : 0);
""",
	),
	"php": (
		["php", "-r"],
		"""
$one = json_decode(stream_get_contents(STDIN), true);
echo is_ours($one["secret"], $one["headers"], $one["body"]) ? 1 : 0;
""",
	),
}


def signed(*secrets, minutes=0, **headers):
	"""The headers of a message of now: the test may come long after it was collected."""
	at = datetime.now(timezone.utc) + timedelta(minutes=minutes)
	return {**signing.headers("msg_1", BODY, secrets, at), **headers}


def restamped():
	headers = signed(SECRET)
	return {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}


def of_version_9():
	headers = signed(SECRET)
	return {**headers, "webhook-signature": headers["webhook-signature"].replace("v1", "v9")}


#: what arrives → (its headers, the secret the receiver has, the body, is it ours?)
CASES = {
	"good": (lambda: signed(SECRET), SECRET, BODY, True),
	"good with both while a secret is changed": (lambda: signed(OTHER, SECRET), SECRET, BODY, True),
	"a former secret that still signs": (lambda: signed(SECRET, FORMER), FORMER, BODY, True),
	"another secret": (lambda: signed(SECRET), OTHER, BODY, False),
	"another body": (lambda: signed(SECRET), SECRET, BODY.replace(b"created", b"updated"), False),
	"another id": (lambda: signed(SECRET, **{"webhook-id": "msg_2"}), SECRET, BODY, False),
	"another time": (restamped, SECRET, BODY, False),
	"too old": (lambda: signed(SECRET, minutes=-10), SECRET, BODY, False),
	"from the future": (lambda: signed(SECRET, minutes=10), SECRET, BODY, False),
	"another version": (of_version_9, SECRET, BODY, False),
	"cut off": (lambda: signed(SECRET, **{"webhook-signature": "v1,"}), SECRET, BODY, False),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("language", RUN)
def test_the_code_of_the_page_verifies(language, case):
	command, harness = RUN[language]
	if not shutil.which(command[0]):
		pytest.skip(f"{command[0]} is not on this machine")
	[code] = re.findall(rf"```{language}\n(.*?)```", LISTENING.read_text(), re.DOTALL)
	headers, secret, body, good = CASES[case]
	given = json.dumps({"headers": headers(), "secret": secret, "body": body.decode()})
	done = subprocess.run(
		[*command, code + harness], input=given, capture_output=True, text=True, check=False, timeout=60
	)
	assert done.returncode == 0 and done.stdout.strip() == str(int(good)), done.stderr
