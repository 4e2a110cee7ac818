"""Coterie: a self-hosted workspace that people share."""

__version__ = "0.1.0"
