"""Texts and pictures for people. Pure: what goes in decides what comes out, to the byte."""
