"""Who agreed to what: acceptance, refusal, standing, receipts and the auditor's pages."""
