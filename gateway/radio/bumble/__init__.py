"""Bumble as the host, where there is no BlueZ. Imported only where the settings say so.

Imports are absolute everywhere: `import bumble` is the library, here as well.
"""
