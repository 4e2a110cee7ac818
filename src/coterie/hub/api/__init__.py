"""Routes: thin; they parse, call an action or a query, and answer."""
