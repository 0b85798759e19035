"""Motion in, findings out: ring buffers and one tick for all streams."""
