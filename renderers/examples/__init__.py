"""Every state that people can meet, by name and at any size, for previews, the gallery, and tests."""
