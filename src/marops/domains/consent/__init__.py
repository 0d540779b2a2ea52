"""What people allowed and refused: purposes, the consent ledger, suppression."""
