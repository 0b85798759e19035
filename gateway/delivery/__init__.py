"""Out of the home: a durable outbox per sink, ended only by the receiver's own word."""
