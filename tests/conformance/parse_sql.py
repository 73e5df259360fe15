"""Whether sqlglot reads queries as Trino's and as Athena's: a line of base64 each comes in, and what is wrong goes out."""

import base64
import sys

import sqlglot

for line in sys.stdin:
    query = base64.b64decode(line).decode()
    for dialect in ("trino", "athena"):
        try:
            [tree] = sqlglot.parse(query, read=dialect)
            assert isinstance(tree, (sqlglot.exp.Query, sqlglot.exp.DML, sqlglot.exp.DDL)), type(tree)
        except (sqlglot.errors.SqlglotError, AssertionError, ValueError) as error:
            print(f"{dialect}: {error}\n{query}\n")
