"""What the doctor makes of what it sees: facts in, findings out."""
