"""The rules: what is in a rollout, what may go, what happened, and why. Pure: no input, no output, no clock."""
