"""Contracts, scripts and executor together, on a real node."""
