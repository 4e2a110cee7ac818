"""What reading somebody else's MessagePack or JSON may raise."""

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)
"""The errors of msgspec's decoders for bytes that are not what they should be; text that is not UTF-8 has its own."""
