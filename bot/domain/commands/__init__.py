"""Commands: one file for each, and one table from which they are read, done, helped with and documented."""
