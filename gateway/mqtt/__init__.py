"""Sensors that speak over a broker of the home: zigbee2mqtt, Home Assistant, radars that publish JSON."""
