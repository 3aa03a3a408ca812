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
NOW = datetime.now(timezone.utc)

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


def signed(*secrets, at=NOW):
	return signing.headers("msg_1", BODY, secrets, at)


CASES = {
	"good": (signed(SECRET), SECRET, BODY, True),
	"good with both while a secret is changed": (signed(OTHER, SECRET), SECRET, BODY, True),
	"a former secret that still signs": (signed(SECRET, FORMER), FORMER, BODY, True),
	"another secret": (signed(SECRET), OTHER, BODY, False),
	"another body": (signed(SECRET), SECRET, BODY.replace(b"created", b"updated"), False),
	"another id": ({**signed(SECRET), "webhook-id": "msg_2"}, SECRET, BODY, False),
	"another time": ({**signed(SECRET), "webhook-timestamp": str(int(NOW.timestamp()) + 1)}, SECRET, BODY, False),
	"too old": (signed(SECRET, at=NOW - timedelta(minutes=10)), SECRET, BODY, False),
	"from the future": (signed(SECRET, at=NOW + timedelta(minutes=10)), SECRET, BODY, False),
	"another version": ({**signed(SECRET), "webhook-signature": signed(SECRET)["webhook-signature"].replace("v1", "v9")}, SECRET, BODY, False),
	"cut off": ({**signed(SECRET), "webhook-signature": "v1,"}, SECRET, BODY, False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("language", RUN)
def test_the_code_of_the_page_verifies(language, case):
	command, harness = RUN[language]
	if not shutil.which(command[0]):
		pytest.skip(f"{command[0]} is not on this machine")
	[code] = re.findall(rf"```{language}\n(.*?)```", LISTENING.read_text(), re.DOTALL)
	headers, secret, body, good = CASES[case]
	given = json.dumps({"headers": headers, "secret": secret, "body": body.decode()})
	done = subprocess.run(
		[*command, code + harness], input=given, capture_output=True, text=True, check=False, timeout=60
	)
	assert done.returncode == 0 and done.stdout.strip() == str(int(good)), done.stderr
