"""Every write: `check_…` then `do_…` in one transaction, events after commit."""
