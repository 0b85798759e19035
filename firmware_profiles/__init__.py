"""Who a device is: one TOML file per vendor, and the schema they keep to."""
