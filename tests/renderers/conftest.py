"""Snapshots as single files that can be read on GitHub as they are."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class _Text(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT


class _Markdown(_Text):
    file_extension = "md"


class _Dot(_Text):
    file_extension = "dot"


class _Mermaid(_Text):
    file_extension = "mmd"


class _Plain(_Text):
    file_extension = "txt"


@pytest.fixture
def texted(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(_Plain)


@pytest.fixture
def markdown(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(_Markdown)


@pytest.fixture
def dotted(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(_Dot)


@pytest.fixture
def mermaided(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(_Mermaid)
