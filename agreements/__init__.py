"""The texts: agreements, drafts and versions; import, publish, compare and read."""
