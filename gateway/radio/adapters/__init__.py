"""The adapters: each is opened, scans, is repaired when it hears nothing, and holds a few connections."""
