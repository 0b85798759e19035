"""BlueZ as the host, through bleak's own backend. Imported only where the settings say so."""
