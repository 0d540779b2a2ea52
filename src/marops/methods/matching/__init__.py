"""Which records are the same person or company: what columns mean, and what follows from that."""
