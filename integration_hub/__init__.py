"""Integration Hub: connects ERPNext with the outside systems a company runs."""

__version__ = "0.1.0"
