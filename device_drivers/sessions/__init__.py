"""The recipes of devices: what to write, wait for and read, over a link that is handed in."""
