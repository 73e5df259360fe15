"""What only a deployment knows: values that a job is started with, each checked before any row
is read.

It knows nothing of runs and rows.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

# What an argument with the value of a param begins with.
ARGUMENT = "param__"
# What a value begins with that is JSON in base 64.
PACKED = "base64:"
DECIMAL = re.compile("decimal\\((\\d+), (\\d+)\\)")


class WrongParam(SystemExit):
    """A deployment gave a param a value that is none of its type."""


@dataclass(frozen=True)
class Param:
    """A param: its name, and Spark's name of its type.

    Its value comes as JSON or, where that would have to be quoted, as `base64:` and JSON.
    """

    name: str
    kind: str

    def argument(self) -> str:
        """The argument that brings its value, as JSON."""
        return ARGUMENT + self.name

    def value_of(self, arguments: argparse.Namespace) -> Column:
        """Its value, as a column of exactly its type."""
        text = given = getattr(arguments, self.argument())
        try:
            if given.startswith(PACKED):
                text = base64.b64decode(given[len(PACKED) :], validate=True).decode()
            # A number is read from its text, and never through a float.
            found = json.loads(text, parse_float=Decimal, parse_int=Decimal)
        except ValueError:
            found = None
        value = self._typed(found)
        if value is None:
            raise WrongParam(f"the param `{self.name}` is no {self.kind}: {text}")
        return F.lit(value).cast(self.kind)

    def _typed(self, found: Any) -> Any:
        """The value as Python has it; nothing where it is none of the type."""
        if self.kind == "string":
            return found if isinstance(found, str) else None
        if self.kind == "boolean":
            return found if isinstance(found, bool) else None
        if not isinstance(found, Decimal):
            return None
        if self.kind == "double":
            # Zero is never negative.
            value = float(found) + 0.0
            return value if abs(value) != float("inf") else None
        digits = DECIMAL.fullmatch(self.kind)
        if digits is None:
            whole = found == found.to_integral_value() and -(2**63) <= found < 2**63
            return int(found) if whole else None
        precision, scale = map(int, digits.groups())
        unscaled = found.scaleb(scale)
        fits = (
            unscaled == unscaled.to_integral_value() and abs(unscaled) < 10**precision
        )
        return found if fits else None
