"""The publisher's pages and the acts that span texts and people."""
