"""What `switchyard init` finds in a checkout, and what it writes there."""
