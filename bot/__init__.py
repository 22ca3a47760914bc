"""Switchyard: Atmos stacks, deployed in dependency order through GitHub Actions."""

__version__ = "0.1.0"
