"""The standard library's copy of the provider's schema, which overrides are checked by, is the installed provider's."""

import os

from support import schema


def test_the_schema_of_overrides_is_the_installed_providers():
    text = schema.compact(schema.installed(), schema.written_types())
    if os.environ.get("UPDATE_SCHEMA"):
        schema.FILE.write_text(text, encoding="utf-8")
    assert schema.FILE.read_text(encoding="utf-8") == text
