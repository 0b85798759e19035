"""Days at home: what room sensors say becomes what is usual for a resident, and what is not becomes an alert."""
