"""The loops, written as steps: `step()` does what is due now and tells whether it did anything."""
