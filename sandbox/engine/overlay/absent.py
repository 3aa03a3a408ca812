"""Quiet stand-ins for packages nobody needs in a sandbox.

The fork imports Google's clients, ldap3 and the like at the top of modules that are loaded with the
site's doctypes. Instead of installing them, their names can be imported; whoever calls one gets an
ImportError that names the package. A package that is installed is never hidden: this finder comes last.
"""

import importlib.abc
import importlib.machinery
import sys
import types

NAMES = ("google.oauth2", "google.auth", "google.protobuf", "googleapiclient", "ldap3", "rauth", "xlrd")

EDITS = [
	# First of all imports of the fork.
	(
		"frappe/__init__.py",
		"import functools\nimport importlib\n",
		"import functools\nimport importlib\n\nfrom frappe._sandbox import absent as _absent\n\n_absent.install()\n",
	),
]


class AbsentModule(types.ModuleType):
	"""A module in which every public name exists and refuses to be called."""

	__path__: list[str] = []

	def __getattr__(self, name: str):
		if name.startswith("__"):
			raise AttributeError(name)
		package = self.__name__.partition(".")[0]

		def refuse(self, *args, **kwargs):
			raise ImportError(f"{package} is not installed in the sandbox")

		# An exception class, since such names are also used in `except` clauses.
		stand_in = type(name, (Exception,), {"__init__": refuse, "__module__": self.__name__})
		setattr(self, name, stand_in)
		return stand_in


class AbsentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
	def find_spec(self, fullname, path=None, target=None):
		wanted = any(
			fullname == name or fullname.startswith(name + ".") or name.startswith(fullname + ".")
			for name in NAMES
		)
		return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if wanted else None

	def create_module(self, spec):
		return AbsentModule(spec.name)

	def exec_module(self, module):
		pass


def install() -> None:
	if not any(isinstance(finder, AbsentFinder) for finder in sys.meta_path):
		sys.meta_path.append(AbsentFinder())
