"""Virtual radar modules: the same bytes as real ones, without our decoders."""
