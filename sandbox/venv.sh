#!/bin/sh
# Make the virtual environment for the sandbox and the tests: sh sandbox/venv.sh FOLDER
set -eu
venv=$1
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
	echo "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12 ..." >&2
	exit 1
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
	rm -rf "$venv"
	if ! "$python" -m venv "$venv" 2>/dev/null; then
		# Debian without python3-venv: the package `virtualenv` brings what is missing, no root needed
		rm -rf "$venv"
		"$python" -m pip install --quiet --target .cache/virtualenv virtualenv || {
			echo "Neither python3-venv nor pip is here. As root: apt-get install python3-venv" >&2
			exit 1
		}
		PYTHONPATH=.cache/virtualenv "$python" -m virtualenv --quiet "$venv"
	fi
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r sandbox/requirements.txt -e '.[test,check]' -e tests/plugin \
	--config-settings editable_mode=compat
