"""Model adapters behind one interface, and the resolver from a spec to an adapter."""
