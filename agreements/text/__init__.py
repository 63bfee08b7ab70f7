"""The text of agreements as pure Python: canonical form, clauses, rendering, comparison; no Django in here."""
