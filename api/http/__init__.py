"""REST, event stream and API page: one FastAPI application over the parts of a gateway."""
