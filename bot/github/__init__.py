"""Everything that is said to GitHub's API and read from it. Knows no database and no clock but the one it is given."""
