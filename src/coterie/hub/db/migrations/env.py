"""Runs migrations over the connection that the hub hands in; there is no configuration file."""

from __future__ import annotations

from alembic import context

from coterie.hub.db.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
