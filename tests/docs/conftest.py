"""The opened pages of the report's tests, for the built documentation."""

from __future__ import annotations

from tests.report.conftest import open_page as open_page
