"""Web ports' one-time codes that were used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "spent_codes",
        sa.Column("nonce", sa.String(length=16), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_spent_codes"),
    )
    op.create_index("ix_spent_codes_expires", "spent_codes", ["expires"])
