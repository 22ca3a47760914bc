"""How fast and how large: figures as measured, never assertions. See docs/benchmarks.md."""
