"""Whole platforms by chance, as `.pipe` text: sources, zones, retention, transforms, readers; the same for the same seed."""

import random

CLASSES = """class pii          { retain_at_most = 4000 days, lowered_by = [pseudonym to pseudonymous] }
class pseudonymous { }
class financial    { retain_at_most = 5000 days }
"""
# Columns beside the key and the time: a name, a type, labels.
COLUMNS = [("email", "string", "@pii"), ("phone", "string", "@pii"), ("total", "decimal(12, 2)", "@financial"),
           ("page", "string", ""), ("kind", "string", ""), ("count", "int", ""), ("country", "string", "")]


def platform(seed: int) -> str:
    """A platform that compiles."""
    chance = random.Random(seed)
    return Writer(chance, f"chance_{seed}").text()


class Writer:
    def __init__(self, chance: random.Random, name: str):
        self.chance = chance
        self.name = name
        # Datasets by name, with their columns and which of these carry a label.
        self.datasets = {}

    def text(self) -> str:
        sources = [self.source(number) for number in range(self.chance.randint(1, 3))]
        parts = [self.pipeline(), CLASSES, self.zones(), *sources, *self.tables(), self.serve(), *self.readers(),
                 self.schedule()]
        return "\n".join(part for part in parts if part)

    def pipeline(self) -> str:
        region = self.chance.choice(["eu-west-1", "us-east-1", "eu-central-1"])
        network = ""
        if self.chance.random() < 0.4:
            nat, zones = self.chance.choice(["none", "nat"]), self.chance.randint(2, 3)
            network = f'  network = private {{ availability_zones = {zones}, internet = {nat} }}\n'
        return (f'/// Made by chance.\npipeline {self.name} {{\n  cloud  = aws {{ region = "{region}" }}\n'
                f'  owner  = "chance@example.com"\n{network}}}\n')

    def zones(self) -> str:
        days = lambda most: self.chance.randint(1, most)
        raw = f"zone raw like std.zones.raw {{ retain = {days(90)} days, quarantine = {days(30)} days }}\n"
        backup = f", backup = {days(60)} days" if self.chance.random() < 0.3 else ""
        processed = (f"zone processed like std.zones.processed {{ format = parquet, partition = [day], retain = {days(700)} days, "
                     f"quarantine = {days(30)} days{backup} }}\n")
        self.curated = self.chance.choice(["parquet", "iceberg"])
        curated = (f"zone curated like std.zones.curated {{ format = {self.curated}, partition = [day], retain = {days(900)} days, "
                   f"quarantine = {days(30)} days }}\n")
        return raw + processed + curated

    def source(self, number: int) -> str:
        name, schema = f"events_{number}", f"Event{number}"
        columns = self.chance.sample(COLUMNS, self.chance.randint(2, len(COLUMNS)))
        fields = "".join(f"  {column} : {kind} {label}\n" for column, kind, label in columns)
        shards, hours = self.chance.randint(1, 4), self.chance.choice([24, 48, 168])
        text = (f"schema {schema} {{\n  id : uuid @key\n  at : timestamp @event_time\n{fields}}}\n\n"
                f"source {name} : stream of {schema} {{\n"
                f"  from   = kinesis {{ stream = own, capacity = provisioned {{ shards = {shards} }}, retention = {hours} hours }}\n"
                f"  volume = {self.chance.randint(1, 400)} per second of {self.chance.randint(100, 2000)} B\n  into   = raw\n}}\n\n")
        steps = ["  derive day = date(at)"]
        kept = {"id": "", "day": "", "at": ""}
        for column, _, label in columns:
            if label == "@pii" and self.chance.random() < 0.5:
                steps.append(f"  derive {column}_hash = pseudonym({column})")
                kept[f"{column}_hash"] = "pseudonymous"
            if label == "@pii" and self.chance.random() < 0.7:
                steps.append(f"  drop {column}")
            else:
                kept[column] = label
        self.datasets[f"processed.clean_{number}"] = kept
        return (text + f"/// Events {number}, cleaned.\ntransform clean_{number} : {name} -> processed.clean_{number} {{\n"
                + "\n".join(steps) + "\n}\n")

    def tables(self):
        self.scheduled = []
        for number, (dataset, columns) in enumerate(list(self.datasets.items())):
            if self.chance.random() < 0.3:
                continue
            by = [column for column in ("page", "kind", "country") if column in columns]
            keys = ["day", *self.chance.sample(by, min(len(by), 1))]
            carried = [column for column, label in columns.items() if label and self.chance.random() < 0.3]
            results = "".join(f"    /// One of them.\n    some_{column} = max({column})\n" for column in carried)
            self.scheduled.append(f"daily_{number}")
            self.datasets[f"curated.daily_{number}"] = dict.fromkeys(keys, "") | {
                f"some_{column}": columns[column] for column in carried} | {"rows": ""}
            yield (f"/// What a day of {dataset} brought.\ntransform daily_{number} : {dataset} -> curated.daily_{number} {{\n"
                   f"  group by {', '.join(keys)} {{\n    /// All of them.\n    rows = count()\n{results}  }}\n}}\n")

    def serve(self) -> str:
        zones = sorted({dataset.split(".")[0] for dataset in self.datasets})
        return (f"serve adhoc {{ engine = athena {{ scan_limit = 1 GiB, results = {self.chance.randint(1, 30)} days }}, "
                f"expose = [{', '.join(f'{zone}.*' for zone in zones)}] }}\n")

    def readers(self):
        for number in range(self.chance.randint(1, 3)):
            grants = []
            for dataset, columns in self.datasets.items():
                free = [column for column, label in columns.items() if not label]
                if self.chance.random() < 0.6:
                    shown = self.chance.sample(free, self.chance.randint(1, len(free)))
                    rows = ' where kind == "view"' if "kind" in free and self.chance.random() < 0.5 else ""
                    grants.append(f"  allow select on {dataset} columns [{', '.join(sorted(shown))}]{rows}\n")
            if grants:
                yield (f"access readers_{number} {{\n  principals = [role(\"arn:aws:iam::123456789012:role/Reader{number}\")]\n"
                       + "".join(grants) + "}\n")

    def schedule(self) -> str:
        if not self.scheduled:
            return ""
        hour = self.chance.randint(0, 23)
        return f'schedule nightly {{\n  at  = cron("0 {hour} * * ? *", zone: "UTC")\n  run = [{", ".join(self.scheduled)}]\n}}\n'
