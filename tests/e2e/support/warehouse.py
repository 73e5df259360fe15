"""Redshift Serverless by its Data API, played on a PostgreSQL: batches are transactions, and COPY reads Parquet by Spark.

    warehouse = Warehouse(database, spark)
    monkeypatch.setattr(boto3, "client", warehouse.client)
    warehouse.fault = lambda statement: "no space left"     # what fails, and why

Every statement has to be one that Redshift's dialect reads. What it cannot know is what Redshift refuses and PostgreSQL
does not: the privileges of who asks, and the types of COPY.
"""

import itertools
import json
import re

import boto3
import sqlglot

COPY = re.compile(r"COPY \"_staged\" FROM '([^']+)' IAM_ROLE '([^']+)' FORMAT AS PARQUET( SERIALIZETOJSON)?")


class Warehouse:
    """One workgroup, with the tables of a database."""

    def __init__(self, database, spark):
        self.database, self.spark = database, spark
        self.statements: list[str] = []
        self.fault = lambda statement: None
        # What is raised once a batch is done, as where the one who asked is killed.
        self.killed = False
        self._numbers = itertools.count()
        self._others = boto3.client
        self._done: dict[str, dict] = {}

    def client(self, service, **settings):
        """Itself, or another service as it is."""
        return self if service == "redshift-data" else self._others(service, **settings)

    def execute_statement(self, Sql, WorkgroupName, Database):  # noqa: N803 - as the service has it
        assert (WorkgroupName, Database) == ("house", "warehouse")
        return self._answer([Sql], rows=True)

    def batch_execute_statement(self, Sqls, WorkgroupName, Database):  # noqa: N803
        assert (WorkgroupName, Database) == ("house", "warehouse") and len(Sqls) <= 40
        answer = self._answer(Sqls, rows=False)
        if self.killed:
            raise ConnectionError("killed")
        return answer

    def describe_statement(self, Id):  # noqa: N803
        done = self._done[Id]
        # It takes a while, as the service does.
        done["asked"] = done.get("asked", 0) + 1
        status = "STARTED" if done["asked"] == 1 else "FAILED" if done["error"] else "FINISHED"
        return {"Status": status, **({"Error": done["error"]} if status == "FAILED" else {})}

    def get_statement_result(self, Id, NextToken="0"):  # noqa: N803
        """A row a page."""
        rows, at = self._done[Id]["rows"], int(NextToken)
        page = [[{"stringValue": value} for value in row.values()] for row in rows[at : at + 1]]
        return {"Records": page, **({"NextToken": str(at + 1)} if at + 1 < len(rows) else {})}

    def _answer(self, statements, *, rows):
        name = str(next(self._numbers))
        self.statements += statements
        for statement in statements:
            read(statement)
        error = next(filter(None, map(self.fault, statements)), None)
        found = []
        if error is None:
            ours = "; ".join(map(self._here, statements))
            found = self.database.rows(ours) if rows else self.database.run(ours) and []
        self._done[name] = {"error": error, "rows": found}
        return {"Id": name}

    def _here(self, statement):
        """A statement as PostgreSQL has it."""
        copy = COPY.fullmatch(statement)
        if copy is None:
            return statement.replace(" SUPER", " jsonb")
        assert copy[2].startswith("arn:aws:iam::")
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        lines = self.spark.read.parquet(copy[1]).toJSON().collect()
        text = json.dumps([json.loads(line) for line in lines]).replace("'", "''")
        return f"INSERT INTO \"_staged\" SELECT * FROM json_populate_recordset(NULL::\"_staged\", '{text}')"


def read(statement: str):
    """Whether Redshift's dialect reads a statement: none is taken for words that are not looked at."""
    # sqlglot knows no options of COPY beside these.
    (tree,) = sqlglot.parse(statement.replace(" SERIALIZETOJSON", ""), read="redshift")
    assert tree is not None and not isinstance(tree, sqlglot.exp.Command), statement
    return tree
