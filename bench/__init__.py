"""Benchmarks: one module per question, each beside its peers, measured in turn in one run."""
