"""Sans-I/O decoders: total functions from bytes to readings. `DecodeError` is the only exception."""
