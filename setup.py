# For old tools only; pyproject.toml is the truth.
from setuptools import setup

setup()
