"""`clean_events` and `daily_revenue` of data-pipeline as one would write them for duckdb: EVENTS PRODUCTS OUT."""

import sys

import duckdb

events, products, out = sys.argv[1:]
db = duckdb.connect()
db.execute("set threads = 2")
db.execute("set preserve_insertion_order = false")
db.execute(f"""create table judged as
  select *, case when len(country) != 2 then 'check country' when usd >= 100000 then 'sane_amount' end reason
  from (select *, case currency when 'USD' then amount when 'EUR' then round(amount * 1.10, 2)
                  else round(amount * 1.25, 2) end::decimal(14, 2) usd
        from read_json('{events}', format = 'newline_delimited', columns = {{
          event_id: 'UUID', user_id: 'VARCHAR', "at": 'TIMESTAMP', kind: 'VARCHAR', product: 'VARCHAR',
          amount: 'DECIMAL(12, 2)', currency: 'VARCHAR', country: 'VARCHAR'}}))
  where kind in ('view', 'cart', 'buy')""")
db.execute(f"copy (from judged where reason is not null) to '{out}/quarantine.json'")
db.execute(f"""copy (
  select event_id::varchar event_id, "at", kind, product, country, "at"::date "day",
    sha256('key' || sha256('key' || user_id)) buyer, usd
  from (from judged where reason is null qualify row_number() over (partition by event_id order by "at") = 1)
) to '{out}/events' (format parquet, partition_by ("day"))""")
db.execute(f"""copy (
  select e."day", coalesce(p.category, 'unknown') category, count(*) orders, sum(coalesce(usd, 0)) revenue,
    count(distinct buyer) buyers
  from read_parquet('{out}/events/**/*.parquet', hive_partitioning = true) e
  left join read_csv('{products}') p on e.product = p.sku
  where kind = 'buy' group by all
) to '{out}/daily_revenue.parquet' (format parquet)""")
