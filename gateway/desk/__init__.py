"""The alert desk: findings become alerts, and an alert does not rest until a person has answered."""
