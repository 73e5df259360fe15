"""`clean_events` and `daily_revenue` of data-pipeline as one would write them for polars: EVENTS PRODUCTS OUT.

polars has no keyed digest, so pseudonyms are made in Python, each once.
"""

import functools
import hashlib
import hmac
import os
import sys

os.environ["POLARS_MAX_THREADS"] = "2"

import polars as pl  # noqa: E402

events, products, out = sys.argv[1:]
FIELDS = ["event_id", "user_id", "at", "kind", "product", "amount", "currency", "country"]


@functools.cache
def pseudonym(user: str) -> str:
    """A keyed digest of a user."""
    return hmac.new(b"key", user.encode(), hashlib.sha256).hexdigest()


def pseudonyms(users: pl.Series) -> pl.Series:
    """Those of a column."""
    return pl.Series(users.name, [pseudonym(user) for user in users], pl.String)


amount = pl.col("amount").cast(pl.Decimal(12, 2))


def times(rate: str) -> pl.Expr:
    """The amount in dollars; a product has no more digits than its factors, so they get four."""
    product = amount.cast(pl.Decimal(18, 4)) * pl.lit(rate).cast(pl.Decimal(18, 4))
    return product.round(2, mode="half_away_from_zero")


judged = (
    pl.scan_ndjson(events, schema=dict.fromkeys(FIELDS, pl.String))
    .filter(pl.col("kind").is_in(["view", "cart", "buy"]))
    .with_columns(pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="us"), amount)
    .with_columns(
        usd=pl.when(pl.col("currency") == "USD")
        .then(amount)
        .when(pl.col("currency") == "EUR")
        .then(times("1.10"))
        .otherwise(times("1.25"))
        .cast(pl.Decimal(14, 2)),
    )
    .with_columns(
        reason=pl.when(pl.col("country").str.len_chars() != 2)
        .then(pl.lit("check country"))
        .when(pl.col("usd") >= 100_000)
        .then(pl.lit("sane_amount")),
    )
    .collect(engine="streaming")
)
judged.filter(pl.col("reason").is_not_null()).write_ndjson(f"{out}/quarantine.json")
clean = (
    judged.lazy()
    .filter(pl.col("reason").is_null())
    .unique(subset="event_id", keep="first", maintain_order=True)
    .with_columns(
        day=pl.col("at").dt.date(),
        buyer=pl.col("user_id").map_batches(pseudonyms, return_dtype=pl.String, is_elementwise=True),
    )
    .drop("user_id", "amount", "currency", "reason")
)
clean.collect(engine="streaming").write_parquet(f"{out}/events", partition_by="day", compression="snappy")
(
    pl.scan_parquet(f"{out}/events", hive_partitioning=True)
    .filter(pl.col("kind") == "buy")
    .join(pl.scan_csv(products), left_on="product", right_on="sku", how="left")
    .group_by("day", category=pl.col("category").fill_null("unknown"))
    .agg(orders=pl.len(), revenue=pl.col("usd").fill_null(0).sum(), buyers=pl.col("buyer").n_unique())
    .collect(engine="streaming")
    .write_parquet(f"{out}/daily_revenue.parquet")
)
