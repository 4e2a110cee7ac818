"""What a terminal's output has switched on in the emulator, so that it can be restored without that output."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

ESCAPE = b"\x1b"
ALTERNATE = frozenset({47, 1047, 1049})
"""Private modes that show the alternate screen of full-screen programs (xterm control sequences, DECSET)."""

_INITIAL = frozenset({7, 25})
"""On in a new emulator: wrapping at the right edge, visible cursor."""

_RESTORED = (1, 7, 9, 12, 25, 45, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004)
"""Private modes that a preamble sets or clears: keys, wrapping, cursor, keypad, mouse, focus, bracketed paste."""

_TRACKED = frozenset(_RESTORED) | ALTERNATE

_LONGEST_SEQUENCE = 4096
"""Bytes of an unfinished sequence that are kept; of a longer string only the end is awaited, its content is ignored."""

_CHANGE = re.compile(
    rb"\x1b(?:"
    rb"\[\?([0-9;]{1,64})([hl])"
    rb"|\[([0-9]{0,5}(?:;[0-9]{0,5})?)r"
    rb"|\][02];([^\x07\x18\x1a\x1b]{0,4000})(?:\x07|\x1b\\)"
    rb"|\(([0B])"
    rb"|(\[!p|[c=>])"
    rb")"
)
_UNFINISHED = re.compile(
    rb"\x1b(?:\][^\x07\x18\x1a\x1b]*\x1b?|[PX^_][^\x18\x1a\x1b]*\x1b?|\[[0-?]*[ -/]*|[ -/]*)", re.DOTALL
)
_COMMAND_END = re.compile(rb"[\x07\x18\x1a\x1b]")
_STRING_END = re.compile(rb"[\x18\x1a\x1b]")


@dataclass(frozen=True, slots=True)
class Modes:
    """The emulator's modes at one place in the output; one object while nothing changes, so many chunks share it."""

    private: frozenset[int] = _INITIAL
    keypad: bool = False
    drawing: bool = False
    """Whether letters are shown as lines (character set "0")."""
    region: bytes = b""
    """Parameters of the scrolling region, empty: the whole screen."""

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown."""
        return not ALTERNATE.isdisjoint(self.private)

    def preamble(self) -> bytes:
        """Return what puts any emulator into these modes, colours reset, without clearing what it shows."""
        # 1047 rather than 1049: leaving through 1049 would also move the cursor of a screen that was never left.
        parts = [b"\x1b[!p\x1b[0m", b"\x1b[?1047h" if self.alternate else b"\x1b[?1047l"]
        parts += [b"\x1b[?%d%s" % (mode, b"h" if mode in self.private else b"l") for mode in _RESTORED]
        return b"".join(parts) + self.beside_screen()

    def beside_screen(self) -> bytes:
        """Return what restores those modes that a page does not describe with its screen."""
        parts = [b"\x1b=" if self.keypad else b"\x1b>", b"\x1b(0" if self.drawing else b"\x1b(B"]
        if self.region:
            parts.append(b"\x1b7\x1b[%sr\x1b8" % self.region)
        return b"".join(parts)


_START = Modes()


class Tracker:
    """Follows a terminal's output chunk by chunk.

    Invariant: `whole` is true exactly when the output so far does not end inside an escape sequence or a character, so
    that a reader may begin there.
    """

    def __init__(self) -> None:
        self.modes = _START
        self.title = b""
        self.whole = True
        self._unfinished = b""
        self._last = b""
        """The last three bytes, among which a character can have begun."""
        self._string_end: re.Pattern[bytes] | None = None

    def feed(self, data: bytes) -> None:
        """Take the next output."""
        self._last = (self._last + data)[-3:] if len(data) < 3 else data[-3:]
        if self._string_end is not None:
            end = self._string_end.search(data)
            if end is None:
                return
            self._string_end = None
            data = data[end.start() if end[0] == ESCAPE else end.end() :]
        if self._unfinished:
            data = self._unfinished + data
            self._unfinished = b""
        if ESCAPE in data:
            for match in _CHANGE.finditer(data):
                self._change(match)
            self._hold_back(data)
        self.whole = not self._unfinished and self._string_end is None and not _ends_in_character(self._last)

    def _change(self, match: re.Match[bytes]) -> None:
        private, switch, region, title, letters, other = match.groups()
        modes = self.modes
        if private is not None:
            named = {int(number) for number in private.split(b";") if number} & _TRACKED
            wanted = modes.private | named if switch == b"h" else modes.private - named
            if wanted != modes.private:
                # Leaving the alternate screen by any of its modes leaves it.
                if switch == b"l" and named & ALTERNATE:
                    wanted -= ALTERNATE
                self.modes = replace(modes, private=wanted)
            elif switch == b"l" and named & ALTERNATE and modes.alternate:
                self.modes = replace(modes, private=modes.private - ALTERNATE)
        elif region is not None:
            if region != modes.region:
                self.modes = replace(modes, region=b"" if region in (b"", b";") else region)
        elif title is not None:
            self.title = title
        elif letters is not None:
            if modes.drawing != (letters == b"0"):
                self.modes = replace(modes, drawing=letters == b"0")
        elif other in (b"=", b">"):
            if modes.keypad != (other == b"="):
                self.modes = replace(modes, keypad=other == b"=")
        elif other == b"c":
            self.modes = _START
        else:
            kept = modes.private & ALTERNATE
            self.modes = Modes(private=_INITIAL | kept) if kept else _START

    def _hold_back(self, data: bytes) -> None:
        last = data.rfind(ESCAPE)
        before = data.rfind(ESCAPE, 0, last)
        # A string ends with ESC \, so an unfinished one can hold the last two escapes.
        for begin in (before, last):
            if begin >= 0 and _UNFINISHED.fullmatch(data, begin):
                if len(data) - begin <= _LONGEST_SEQUENCE:
                    self._unfinished = data[begin:]
                elif data[begin + 1 : begin + 2] == b"]":
                    self._string_end = _COMMAND_END
                elif data[begin + 1 : begin + 2] in (b"P", b"X", b"^", b"_"):
                    self._string_end = _STRING_END
                return


def _ends_in_character(data: bytes) -> bool:
    """Whether `data` ends with the first bytes of a UTF-8 character that needs more."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
        if byte < 0x80:
            return False
    return False


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def clean_title(title: bytes, longest: int = 120) -> str:
    """Return a title fit to be shown: no control or direction-changing characters, at most `longest` characters."""
    return _CONTROL.sub("", title.decode("utf-8", "replace")).strip()[:longest]
