"""What generated jobs on streams stand on: arrivals, batches that may come twice, rows that wait.

Spark's structured streaming brings arrivals in batches and remembers which. What a step makes
of a stream is said by the rows alone, by when each arrived, so Spark's own watermarks, which
move with its batches, decide nothing here: a step that needs rows which may still come holds
its rows in a folder of the state, and lets go what no later row can change.

A batch that is repeated starts from the state before it, and what it wrote is seen once.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pipec_aggregates as aggregates
import pipec_kafka as kafka
import pipec_records as records
import pipec_runtime as runtime
from pipec_lake import Dataset, Folder, quoted
from pipec_marks import INNER_PAD, LINE, NUMBER, OUTER_PAD, REASON, ROW, prefixed
from pipec_params import Param
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

# What arrivals have beside their columns: when they arrived, what tells those of one instant
# apart, and their place in the order in which they are looked at.
ARRIVED, SEQUENCE, PLACE = "_arrived", "_seq", "_came"
HIDDEN = (ARRIVED, SEQUENCE, PLACE)
SOURCE = "_source"

# Behind every instant that there is, microseconds.
NEVER = 2**62
# Readers of one stream's shards are this far apart at most, microseconds.
BEHIND = 60_000_000
# More than the lines of any file.
LINES = 2**43
CHECKPOINT = "checkpoint"
HELD = "held"

# Spark's names of Glue's connector: the record as a text, and when the stream had it.
GLUE_RECORD = "$json$data_infer_schema$_temporary$"
GLUE_ARRIVED = "__src_timestamp"


@dataclass(frozen=True)
class Source:
    """A source of arrivals: which argument says where they come from, and what a row is."""

    argument: str
    fields: Sequence[records.Field]
    # The column that says when a row happened, and how far that may be behind its arrival.
    event_time: str | None = None
    late: timedelta = timedelta(days=1)
    # Whether its records may tell of changes, and whether `op` is what became of a row.
    changes: bool = False
    has_operation: bool = False


class Decoder:
    """The columns that read a source's records, made once for all batches."""

    def __init__(self, source: Source) -> None:
        self.line = records.line(F.col("value"))
        changes = source.changes
        self.value = records.rich(F.col(LINE), changes=changes)
        self.members = records.members(F.col(LINE), F.col("_value"), changes=changes)
        found = F.col("_members")
        self.fields = [
            records.value_of(field, found).alias(field.name) for field in source.fields
        ]
        self.reason = F.coalesce(
            records.not_an_object(F.col("_value"), found),
            *records.reasons(source.fields, found),
        )


class Batch(runtime.Run):
    """One batch: what arrived, what steps hold, and where rows go."""

    def __init__(self, stream: Stream, came: DataFrame, number: int | None) -> None:
        self._stream = stream
        self._came = came
        self._arrivals: dict[str, DataFrame] = {}
        # How far behind the arrivals the rows of later steps are, microseconds.
        self._lag = 0
        self._waiting: list[tuple[DataFrame, str]] = []
        super().__init__(
            stream.name,
            stream.argv,
            runtime.Additions([]),
            stream.reads,
            stream.targets,
            stream.params,
        )
        query = self._query()
        if self._before.get("query") != query:
            # Another checkpoint counts its batches anew.
            self._before = {}
        last = self._before.get("batch", -1)
        self._number = last + 1 if number is None else number
        self._is_done = last >= self._number
        if self._again is not None:
            meant = self._again["state"]
            if (meant["query"], meant["batch"]) != (query, self._number):
                # Another checkpoint does not bring that batch again.
                self._again, self._marks = None, []
        self._after |= {"query": query, "batch": self._number, "clocks": {}, "held": {}}
        self._after["clocks"] |= self._before.get("clocks", {})
        self._after["told"] = dict(self._before.get("told", {}))
        self._clock: int | None = None

    def _query(self) -> str | None:
        """What Spark calls the checkpoint."""
        text = self._state.read_text(f"{CHECKPOINT}/{self.name}/metadata")
        return None if text is None else json.loads(text)["id"]

    def _session(self) -> SparkSession:
        for setting, value in runtime.SETTINGS.items():
            self._came.sparkSession.conf.set(setting, value)
        return self._came.sparkSession

    def _takes_in(self) -> Sequence[Dataset]:
        """What it reads beside what arrives, it looks up."""
        return []

    def is_done(self) -> bool:
        """Whether this batch was written before."""
        return self._is_done

    # What arrived.

    def arrivals(self, source: Source) -> DataFrame:
        """The rows of a source, as typed columns; what is no row is turned away."""
        if source.argument in self._arrivals:
            return self._arrivals[source.argument]
        shape = self._stream.shapes.get(source.argument)
        if self._stream.closing and shape is not None:
            rows = self.spark.createDataFrame([], shape)
        else:
            rows = self._decoded(source)
            if source in self._stream.takes_in():
                rows = self._taken.of(rows, source.argument, "records")
            rows = self._settled(rows)
            self._stream.shapes[source.argument] = rows.schema
        self._arrivals[source.argument] = rows
        return rows

    def _decoded(self, source: Source) -> DataFrame:
        came = self._came.filter(F.col(SOURCE) == source.argument)
        if self._stream.is_local(source):
            in_order = Window.orderBy(F.monotonically_increasing_id())
            first = F.lit(self._number * LINES - 1)
            came = came.withColumn(PLACE, first + F.row_number().over(in_order))
        decoder = self._stream.decoder(source)
        came = came.withColumn(LINE, decoder.line).withColumn("_value", decoder.value)
        came = came.withColumn("_members", decoder.members)
        if source.changes:
            came = records.of_changes(
                came, "_members", has_operation=source.has_operation
            )
        beside = self._beside(source)
        rows = came.select(*decoder.fields, *beside, "_value", "_members", LINE)
        place = F.monotonically_increasing_id()
        number = F.concat_ws(":", F.lit(source.argument), F.lit(self._number), place)
        row = F.struct(LINE, ARRIVED, number.alias(NUMBER))
        rows = rows.withColumns({ROW: row, REASON: decoder.reason})
        return rows.drop("_value", "_members", LINE)

    def _settled(self, rows: DataFrame) -> DataFrame:
        """Rows as they are now: what is asked of them later does not compute them again."""
        return rows.localCheckpoint()

    def _beside(self, source: Source) -> list[Column]:
        """What arrivals have beside their columns; records of files say when they came, or
        it is their event time, or when the record before them came."""
        said = F.try_element_at(F.col("_members"), F.lit(ARRIVED))
        times = [F.col(ARRIVED), records.TIMESTAMP.read(said)]
        if source.event_time is not None:
            field = next(f for f in source.fields if f.name == source.event_time)
            times.append(records.value_of(field, F.col("_members")))
        arrived = F.coalesce(*times)
        place = F.col(PLACE)
        if self._stream.is_local(source):
            before = Window.orderBy(PLACE).rowsBetween(Window.unboundedPreceding, 0)
            epoch = F.timestamp_micros(F.lit(0))
            arrived = F.coalesce(F.last(arrived, ignorenulls=True).over(before), epoch)
        sequence = F.coalesce(F.col(SEQUENCE), F.lpad(place.cast("string"), 20, "0"))
        return [arrived.alias(ARRIVED), sequence.alias(SEQUENCE), place.alias(PLACE)]

    def in_time(self, rows: DataFrame, source: Source, reason: str) -> DataFrame:
        """Turns away what happened too long before it arrived."""
        if source.event_time is None:
            return rows
        bound = source.late // runtime.MICROSECOND
        behind = F.unix_micros(ARRIVED) - F.unix_micros(
            F.col(quoted(source.event_time))
        )
        return self.turned_away.mark(rows, F.when(behind > bound, reason))

    # How far the streams are.

    def _newest(self) -> int:
        """The instant before which nothing arrives any more, microseconds.

        A stream that brought nothing has nothing more: it is as far as the others.
        """
        if self._stream.closing:
            return NEVER
        clocks = self._after["clocks"]
        found = {}
        for source in self._stream.sources:
            latest = F.max(F.unix_micros(ARRIVED))
            [(newest,)] = self.arrivals(source).agg(latest).collect()
            if newest is not None:
                found[source.argument] = newest - self._stream.behind
        if found:
            least = min(found.values())
            for source in self._stream.sources:
                name = source.argument
                clocks[name] = max(clocks.get(name, least), found.get(name, least))
        return min(
            (clocks[s.argument] for s in self._stream.sources if s.argument in clocks),
            default=-NEVER,
        )

    def _over(self, name: str) -> tuple[int, int]:
        """Of a step: the instant before which no row comes to it any more, and what that
        was one batch ago."""
        if self._clock is None:
            self._clock = self._newest()
        for rows, at in self._waiting:
            [(oldest,)] = rows.agg(F.min(F.unix_micros(quoted(at)))).collect()
            if oldest is not None:
                self._clock = min(self._clock, oldest + self._lag)
        self._waiting = []
        before = self._before.get("clocks", {}).get(f"step {name}", -NEVER)
        now = max(before, self._clock - self._lag)
        self._after["clocks"][f"step {name}"] = now
        return now, before

    # Rows that wait.

    def _all(self, name: str, rows: DataFrame) -> DataFrame:
        """What came to a step, with what it holds."""
        # The key of pseudonyms is in no file.
        rows = rows.drop(INNER_PAD, OUTER_PAD)
        held = self._held(name)
        if held is not None:
            rows = rows.unionByName(held, allowMissingColumns=True)
        return self._settled(rows)

    def _held(self, name: str) -> DataFrame | None:
        place = self._before.get("held", {}).get(name)
        if place is None:
            return None
        return self.spark.read.parquet(f"{self._state.path}/{HELD}/{place}")

    def _hold(self, name: str, rows: DataFrame, at: str | None = None) -> None:
        """Keeps rows for the next batch; `at` says which of them is the oldest."""
        place = f"{self.name}/{name}/{self._number}"
        path = f"{self._state.path}/{HELD}/{place}"
        rows.write.mode("overwrite").parquet(path)
        self._after["held"][name] = place
        if at is not None:
            self._waiting.append((self.spark.read.parquet(path), at))

    def _let_go(
        self, name: str, rows: DataFrame, final: Column, at: str | None = None
    ) -> DataFrame:
        """The rows that nothing can change any more; the others wait."""
        final = F.coalesce(final, F.lit(True))
        self._hold(name, rows.filter(~final), at)
        return rows.filter(final)

    # Steps.

    def first_arrivals(
        self, rows: DataFrame, name: str, keys: Sequence[str], within: timedelta
    ) -> DataFrame:
        """Rows whose key did not arrive within this before them."""
        bound = within // runtime.MICROSECOND
        now, _ = self._over(name)
        rows = rows.drop(INNER_PAD, OUTER_PAD).select(
            "*", F.unix_micros(ARRIVED).alias("_at"), F.lit(False).alias("_known")
        )
        held = self._held(name)
        if held is not None:
            rows = rows.unionByName(held, allowMissingColumns=True)
        names = list(map(quoted, keys))
        order = [F.desc("_known"), F.col(PLACE), F.col("_at"), F.col(SEQUENCE)]
        before = F.lag("_at").over(Window.partitionBy(*names).orderBy(*order))
        rows = self._settled(rows.select("*", before.alias("_before")))
        place = F.struct(~F.col("_known"), PLACE, "_at", SEQUENCE)
        last = rows.groupBy(*names).agg(F.max_by("_at", place).alias("_at"))
        last = last.filter(F.col("_at") > now - bound)
        self._hold(name, last.withColumn("_known", F.lit(True)))
        near = F.abs(F.col("_at") - F.col("_before")) < bound
        rows = rows.filter(~F.col("_known") & ~F.coalesce(near, F.lit(False)))
        return rows.drop("_at", "_known", "_before")

    def windows(
        self,
        rows: DataFrame,
        name: str,
        time: Column,
        *,
        every: timedelta,
        over: timedelta,
        late: timedelta,
        reason: str,
    ) -> DataFrame:
        """A row for each window of event time that a row is in time for, of the windows
        that are over."""
        step, length, more = (d // runtime.MICROSECOND for d in (every, over, late))
        now, before = self._over(name)
        at = F.unix_micros(time)
        arrived = F.unix_micros(ARRIVED) if ARRIVED in rows.columns else at
        first = at - F.pmod(at, F.lit(step).cast("bigint"))
        places = F.sequence(F.lit(0), F.lit(-(-length // step) - 1))
        starts = F.transform(places, lambda place: first - place * step)
        ends_at = length + more
        # A row without an arrival is of the other side of a join alone: it is in time.
        arrived = F.coalesce(arrived, F.lit(-NEVER))
        open_ = F.filter(
            starts,
            lambda start: (
                (start > at - length)
                & (arrived < start + ends_at)
                & (start + ends_at > before)
            ),
        )
        rows = self.turned_away.watch(rows).withColumn("_starts", open_)
        late_ = F.when(F.size("_starts") == 0, reason)
        rows = self.turned_away.part(self.turned_away.mark(rows, late_))
        rows = rows.select("*", F.explode("_starts").alias("_start")).drop("_starts")
        rows = self._all(name, rows)
        rows = rows.withColumn("window_start", F.timestamp_micros("_start"))
        end = F.timestamp_micros(F.col("_start") + length)
        rows = rows.withColumn("window_end", end)
        final = F.col("_start") + ends_at <= now
        mine = self._let_go(name, rows, final)
        # No window that began before this comes any more.
        self._lag += ends_at
        return mine.drop("_start")

    def sessions(
        self,
        rows: DataFrame,
        name: str,
        keys: Sequence[str],
        time: str,
        gap: timedelta,
    ) -> DataFrame:
        """The rows of visits that are over: none of their rows can come any more."""
        now, _ = self._over(name)
        rows = self._all(name, rows)
        names = list(map(quoted, keys))
        order = F.asc_nulls_last(quoted(time))
        of_key = Window.partitionBy(*names).orderBy(order)
        at = F.col(quoted(time))
        seconds = gap // timedelta(seconds=1)
        started = aggregates.session_start(at, seconds, of_key)
        began = rows.withColumn("_started", started)
        started = F.last("_started", ignorenulls=True).over(of_key)
        began = began.withColumn("_started", started)
        of_visit = Window.partitionBy(*names, "_started")
        last = F.max(F.unix_micros(at)).over(of_visit)
        until = (gap + self._stream.late()) // runtime.MICROSECOND
        began = began.withColumn("_final", at.isNull() | (last + until <= now))
        began = began.drop("_started")
        mine = self._let_go(name, began, F.col("_final"), _age(rows, time))
        return mine.drop("_final")

    def beside(self, rows: DataFrame, prefix: str) -> DataFrame:
        """Rows of another stream, as a join has them."""
        rows = rows.drop(*HIDDEN, ROW, REASON, INNER_PAD, OUTER_PAD)
        return prefixed(rows, prefix)

    def united(self, rows: DataFrame, others: DataFrame) -> DataFrame:
        """Rows of both; of what they have beside their columns, what both have."""
        others = others.drop(INNER_PAD, OUTER_PAD)
        rows = rows.drop(INNER_PAD, OUTER_PAD)
        for name in (*HIDDEN, ROW, REASON):
            if (name in rows.columns) != (name in others.columns):
                rows, others = rows.drop(name), others.drop(name)
        if ROW in rows.columns and rows.schema[ROW] != others.schema[ROW]:
            rows, others = rows.drop(ROW, REASON), others.drop(ROW, REASON)
        return rows.unionByName(others)

    def near(
        self,
        rows: DataFrame,
        others: DataFrame,
        name: str,
        on: Column,
        how: str,
        *,
        times: tuple[str, str],
        within: timedelta,
    ) -> DataFrame:
        """Pairs of two streams whose event times are no further apart than this, as soon
        as both are there; rows without a pair once none can come any more."""
        bound = within // runtime.MICROSECOND
        until = (within + self._stream.late()) // runtime.MICROSECOND
        now, _ = self._over(name)
        left, right = (F.unix_micros(quoted(time)) for time in times)
        mine = self._all(f"{name}_left", _flagged(rows, "_new", "_paired"))
        theirs = self._all(f"{name}_right", _flagged(others, "_new_2", "_paired_2"))
        match = on & (F.abs(left - right) <= bound)
        over = F.coalesce(left + until <= now, F.lit(True))
        theirs_over = F.coalesce(right + until <= now, F.lit(True))
        paired = mine.join(theirs, match, "left_semi")
        alone = mine.join(theirs, match, "left_anti")
        waiting = paired.withColumn("_paired", F.lit(True)).unionByName(alone)
        waiting = waiting.withColumn("_new", F.lit(False)).filter(~over)
        self._hold(f"{name}_left", waiting, _age(rows, times[0]))
        late = alone.filter(~F.col("_paired") & over)
        pairs = mine.join(theirs, match & (F.col("_new") | F.col("_new_2")), "inner")
        if how == "full":
            their_pairs = theirs.join(mine, match, "left_semi")
            their_alone = theirs.join(mine, match, "left_anti")
            known = their_pairs.withColumn("_paired_2", F.lit(True))
            their_waiting = known.unionByName(their_alone)
        else:
            their_waiting = theirs
        their_waiting = their_waiting.withColumn("_new_2", F.lit(False))
        self._hold(f"{name}_right", their_waiting.filter(~theirs_over))
        found = {
            "inner": [pairs],
            "left": [pairs, late],
            "left_semi": [paired.filter(~F.col("_paired"))],
            "left_anti": [late],
        }
        if how == "full":
            theirs_late = their_alone.filter(~F.col("_paired_2") & theirs_over)
            parts = [pairs, late, theirs_late]
        else:
            parts = found[how]
        first, *rest = parts
        for part in rest:
            first = first.unionByName(part, allowMissingColumns=True)
        return first.drop("_new", "_paired", "_new_2", "_paired_2")

    # What it writes.

    def done(self) -> None:
        """Shows what the batch wrote, remembers it, and forgets what waited before."""
        super().done()
        self._stream.purged = self.run_at.date()
        now = set(self._after["held"].values())
        for place in self._before.get("held", {}).values():
            if place not in now:
                self._state.delete(f"{HELD}/{place}")

    def _purge(self, target: Dataset) -> None:
        """Once a day: a batch a minute would be as many changes of a table."""
        if self._stream.purged != self.run_at.date():
            super()._purge(target)


def _age(rows: DataFrame, time: str) -> str:
    """What says how old a row is for later steps."""
    return ARRIVED if ARRIVED in rows.columns else time


def _flagged(rows: DataFrame, new: str, paired: str) -> DataFrame:
    return rows.select("*", F.lit(True).alias(new), F.lit(False).alias(paired))


class Stream:
    """A job that never ends: its arrivals, batch by batch."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        sources: Sequence[Source],
        reads: Sequence[Dataset],
        targets: Sequence[Dataset],
        params: Sequence[Param] = (),
        takes_also: Sequence[Source] = (),
    ) -> None:
        self.name, self.argv = name, argv
        self.takes_also = takes_also
        self.sources, self.reads, self.targets = sources, reads, targets
        self.params = params
        parser = argparse.ArgumentParser(allow_abbrev=False)
        for source in sources:
            parser.add_argument(f"--{source.argument}", required=True, metavar="PLACE")
        for param in params:
            parser.add_argument(f"--{param.argument()}", required=True, metavar="JSON")
        parser.add_argument("--state", required=True, metavar="FOLDER")
        parser.add_argument("--every", default="60 seconds", metavar="DURATION")
        # `read` ends with what is there; `closed` says that there never is more.
        ends = ("stopped", "read", "closed")
        parser.add_argument("--until", default="stopped", choices=ends)
        self.arguments, _ = parser.parse_known_args(list(argv)[1:])
        self.closing = False
        # The day on which old rows were taken out last.
        self.purged: date | None = None
        # What the arrivals of sources look like, once some were read.
        self.shapes: dict[str, T.StructType] = {}
        self._decoders: dict[str, Decoder] = {}
        # The topics that some of its sources are, by their arguments.
        self._topics: dict[str, kafka.Topic] = {}
        local = all(map(self.is_local, sources))
        self.behind = 0 if local else BEHIND
        builder = SparkSession.builder.appName(name)
        for setting, value in runtime.SETTINGS.items():
            builder = builder.config(setting, value)
        self.spark = builder.getOrCreate()
        for param in params:
            param.value_of(self.arguments)

    def decoder(self, source: Source) -> Decoder:
        """What reads a source's records."""
        if source.argument not in self._decoders:
            self._decoders[source.argument] = Decoder(source)
        return self._decoders[source.argument]

    def takes_in(self) -> Sequence[Source]:
        """The sources whose arrivals are its rows, and not what these are joined with."""
        return [*self.sources[:1], *self.takes_also]

    def place(self, source: Source) -> str:
        """Where a source's arrivals are."""
        return getattr(self.arguments, source.argument)

    def is_local(self, source: Source) -> bool:
        """Whether arrivals are lines of files, in the order in which these were written."""
        return not self.place(source).startswith(("kinesis:", "kafka:"))

    def late(self) -> timedelta:
        """The most that the event time of a row is behind its arrival."""
        return max((source.late for source in self.sources), default=timedelta())

    def run(self, batch: Callable[[Batch], None]) -> None:
        """Hands each batch on, until the job is stopped."""

        def one(came: DataFrame, number: int) -> None:
            self._batch(batch, came, number)

        came = self._came()
        place = (
            f"{Folder(self.spark, self.arguments.state).path}/{CHECKPOINT}/{self.name}"
        )
        writer = came.writeStream.foreachBatch(one).option("checkpointLocation", place)
        if self.arguments.until != "stopped":
            writer = writer.trigger(availableNow=True)
        else:
            writer = writer.trigger(processingTime=self.arguments.every)
        query = writer.start()
        query.awaitTermination()
        if self.arguments.until == "closed":
            self.closing = True
            empty = self.spark.createDataFrame([], came.schema)
            self._batch(batch, empty, None)

    def _batch(
        self, compute: Callable[[Batch], None], came: DataFrame, number: int | None
    ) -> None:
        # Each source's records are taken out of what all of them brought.
        several = len(self.sources) > 1
        batch = Batch(self, came.persist() if several else came, number)
        if not batch.is_done():
            compute(batch)
            batch.done()
        if several:
            came.unpersist()
        if number is not None:
            self._tell(number)

    def _tell(self, number: int) -> None:
        """Tells the clusters of topics how far the job is: those who watch ask them."""
        if not self._topics:
            return
        state = Folder(self.spark, self.arguments.state)
        log = state.read_text(f"{CHECKPOINT}/{self.name}/offsets/{number}") or ""
        for place, source in enumerate(self.sources):
            topic = self._topics.get(source.argument)
            if topic is None:
                continue
            said = {"job": self.name, "source": source.argument}
            try:
                waiting = topic.tell(self.spark, kafka.ends(log, place))
            except Py4JError as error:
                # Nothing was lost: what it read is written, and the next batch tells.
                runtime.log("not told", **said, why=str(error).splitlines()[0])
            else:
                runtime.log("told", **said, records_behind=waiting)

    def _came(self) -> DataFrame:
        """The records of all sources: bytes, when they arrived, and in which order."""
        frames = [self._records(source) for source in self.sources]
        first, *others = frames
        for other in others:
            first = first.unionByName(other)
        return first

    def _records(self, source: Source) -> DataFrame:
        place = self.place(source)
        if place.startswith("kinesis:"):
            found = self._kinesis(place.removeprefix("kinesis:"))
        elif place.startswith("kafka:"):
            topic = kafka.Topic.of(place.removeprefix("kafka:"))
            self._topics[source.argument] = topic
            found = self._kafka(topic)
        else:
            found = self._files(place)
        return found.withColumn(SOURCE, F.lit(source.argument))

    def _files(self, folder: str) -> DataFrame:
        lake = Folder(self.spark, folder)
        reader = self.spark.readStream.format("text").option("maxFilesPerTrigger", 1)
        lines = reader.load(lake.path)
        return lines.select(
            F.col("value").cast("binary").alias("value"),
            F.lit(None).cast("timestamp").alias(ARRIVED),
            F.lit(None).cast("string").alias(SEQUENCE),
            F.lit(None).cast("bigint").alias(PLACE),
        )

    def _kafka(self, topic: kafka.Topic) -> DataFrame:
        offset = F.lpad(F.col("offset").cast("string"), 20, "0")
        partition = F.lpad(F.col("partition").cast("string"), 6, "0")
        return topic.records(self.spark).select(
            # A record without a value is one without bytes.
            F.coalesce("value", F.lit(b"")).alias("value"),
            F.col("timestamp").alias(ARRIVED),
            F.concat_ws(":", partition, offset).alias(SEQUENCE),
            F.unix_micros("timestamp").alias(PLACE),
        )

    def _kinesis(self, arn: str) -> DataFrame:
        """A stream by its ARN: by Glue's connector there, by that of EMR elsewhere."""
        _, _, _, region, _, resource = arn.split(":", 5)
        try:
            from awsglue.context import GlueContext  # type: ignore[import-not-found]
        except ImportError:
            return self._kinesis_of_emr(region, resource.removeprefix("stream/"))
        came = GlueContext(self.spark.sparkContext).create_data_frame.from_options(
            connection_type="kinesis",
            connection_options={
                "typeOfData": "kinesis",
                "streamARN": arn,
                "classification": "json",
                "inferSchema": "true",
                "startingPosition": "trim_horizon",
                "addRecordTimestamp": "true",
            },
        )
        arrived = F.col(GLUE_ARRIVED).cast("timestamp")
        return came.select(
            F.col(f"`{GLUE_RECORD}`").cast("binary").alias("value"),
            arrived.alias(ARRIVED),
            F.lit("").alias(SEQUENCE),
            F.unix_micros(arrived).alias(PLACE),
        )

    def _kinesis_of_emr(self, region: str, stream: str) -> DataFrame:
        reader = self.spark.readStream.format("aws-kinesis").options(
            **{
                "kinesis.region": region,
                "kinesis.endpointUrl": f"https://kinesis.{region}.amazonaws.com",
                "kinesis.streamName": stream,
                "kinesis.consumerType": "GetRecords",
                "kinesis.startingposition": "TRIM_HORIZON",
            }
        )
        arrived = F.col("approximateArrivalTimestamp").cast("timestamp")
        return reader.load().select(
            F.col("data").alias("value"),
            arrived.alias(ARRIVED),
            # As wide as the longest, so that texts have the numbers' order.
            F.lpad("sequenceNumber", 56, "0").alias(SEQUENCE),
            F.unix_micros(arrived).alias(PLACE),
        )
