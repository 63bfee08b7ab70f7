"""The append-only log: it knows bytes and statements, and points at nothing outside itself."""
