"""What `coterie serve` and `coterie admin` share: the settings, from options over environment, in words when wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from coterie.cli.output import complain

if TYPE_CHECKING:
    from coterie.hub.settings import Settings


def settings_from(**options: Any) -> Settings:
    """Return the hub's settings: these options where given, else the environment's, else the defaults.

    Ends the command with exit code 2 and a sentence for each setting that is not right.
    """
    from pydantic import ValidationError

    from coterie.hub.settings import Settings

    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as wrong:
        for error in wrong.errors():
            name = ".".join(str(part) for part in error["loc"]) or "settings"
            told = str(error["msg"]).removeprefix("Value error, ")
            complain(f"the setting COTERIE_{name.upper()} is not right: {told}.")
        raise typer.Exit(2) from None
