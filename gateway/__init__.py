"""The home: radios, ingest, store, detection, alert desk, consent, delivery, supervision."""
