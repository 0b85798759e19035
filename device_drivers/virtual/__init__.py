"""Virtual devices on a virtual radio. They know bytes, never our decoders."""
