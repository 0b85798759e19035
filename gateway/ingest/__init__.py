"""Who, when, plausible, new: from what a device sent to a committed row."""
