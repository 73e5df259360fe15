//! The clickstream platform's plan by hand, for tests of engines and emitters that need no source text.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::{Aggregate, CompareOp, Expr, ExprKind, Literal};
use super::types::{Column, Type, TypeKind};
use super::*;
use crate::base::{FileId, Span};

fn column(name: &str, ty: Type, labels: &[&str], doc: Option<&str>) -> Column {
    Column {
        name: name.into(),
        ty,
        labels: labels.iter().map(|label| label.to_string()).collect::<BTreeSet<_>>(),
        doc: doc.map(Into::into),
        key: name == "click_id",
        event_time: name == "at",
        subject: false,
    }
}

fn expr(kind: ExprKind, ty: Type, text: &str) -> Expr {
    Expr {
        kind,
        ty,
        text: text.into(),
    }
}

fn reference(name: &str, ty: Type) -> Expr {
    expr(ExprKind::Column(name.into()), ty, name)
}

fn literal(value: Literal, kind: TypeKind, text: &str) -> Expr {
    expr(ExprKind::Literal(value), kind.required(), text)
}

fn call(function: &str, argument: Expr, kind: TypeKind) -> Expr {
    let text = format!("{function}({})", argument.text);
    expr(
        ExprKind::Call {
            function: function.into(),
            arguments: vec![argument],
        },
        kind.required(),
        &text,
    )
}

fn compare(op: CompareOp, left: Expr, right: Expr, text: &str) -> Expr {
    let kind = ExprKind::Compare {
        op,
        left: Box::new(left),
        right: Box::new(right),
    };
    expr(kind, TypeKind::Bool.required(), text)
}

const MONEY: TypeKind = TypeKind::Decimal {
    precision: 12,
    scale: 2,
};

fn nowhere() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn click_columns() -> Vec<Column> {
    vec![
        column("click_id", TypeKind::Uuid.required(), &[], None),
        column("user_id", TypeKind::Text.required(), &["pii"], None),
        column("at", TypeKind::Timestamp.required(), &[], None),
        column("page", TypeKind::Text.required(), &[], None),
        column("kind", TypeKind::Text.required(), &[], None),
        column("amount", MONEY.optional(), &[], None),
    ]
}

fn click_schema() -> Schema {
    let text = |name: &str| reference(name, TypeKind::Text.required());
    let page = compare(
        CompareOp::LessEqual,
        call("len", text("page"), TypeKind::Int),
        literal(Literal::Int(2048), TypeKind::Int, "2048"),
        "len(page) <= 2048",
    );
    let list = ["view", "cart", "buy"].map(|kind| Literal::Text(kind.into())).to_vec();
    let kind = ExprKind::In {
        value: Box::new(text("kind")),
        list,
        negated: false,
    };
    let kind = expr(kind, TypeKind::Bool.required(), "kind in [\"view\", \"cart\", \"buy\"]");
    let mut checks = BTreeMap::from([("page", page), ("kind", kind)]);
    let fields = click_columns()
        .into_iter()
        .map(|column| Field {
            check: checks.remove(column.name.as_str()),
            default: None,
            column,
        })
        .collect();
    Schema {
        name: "Click".into(),
        doc: Some("One click, as the browser sends it.".into()),
        fields,
    }
}

fn clean() -> Transform {
    let day = column("day", TypeKind::Date.required(), &[], None);
    let buyer = column("buyer", TypeKind::Text.required(), &["pseudonymous"], None);
    let amount = column("amount", MONEY.required(), &[], None);
    let at = reference("at", TypeKind::Timestamp.required());
    let user = reference("user_id", TypeKind::Text.required());
    let is_buy = compare(
        CompareOp::Equal,
        reference("kind", TypeKind::Text.required()),
        literal(Literal::Text("buy".into()), TypeKind::Text, "\"buy\""),
        "kind == \"buy\"",
    );
    let reject = "a purchase without an amount";
    let or_reject = ExprKind::Coalesce {
        value: Box::new(reference("amount", MONEY.optional())),
        default: Box::new(expr(
            ExprKind::Reject(reject.into()),
            TypeKind::Never.required(),
            &format!("reject \"{reject}\""),
        )),
    };
    let amount_value = ExprKind::If {
        condition: Box::new(is_buy),
        then: Box::new(expr(
            or_reject,
            MONEY.required(),
            &format!("amount ?? reject \"{reject}\""),
        )),
        otherwise: Box::new(literal(Literal::Decimal { unscaled: 0, scale: 2 }, MONEY, "0")),
    };
    let amount_text = format!("if kind == \"buy\" then amount ?? reject \"{reject}\" else 0");
    let derives = vec![
        (day.clone(), call("date", at, TypeKind::Date)),
        (buyer.clone(), call("pseudonym", user, TypeKind::Text)),
        (amount.clone(), expr(amount_value, MONEY.required(), &amount_text)),
    ];
    let mut derived = click_columns();
    derived[5] = amount;
    derived.extend([day, buyer]);
    let sane = compare(
        CompareOp::Less,
        reference("amount", MONEY.required()),
        literal(
            Literal::Decimal {
                unscaled: 10_000_000,
                scale: 2,
            },
            MONEY,
            "100_000",
        ),
        "amount < 100_000",
    );
    let expect = StepKind::Expect {
        name: "sane_amount".into(),
        condition: sane,
        otherwise: Otherwise::Quarantine,
    };
    let mut dropped = derived.clone();
    dropped.retain(|column| column.name != "user_id");
    let step = |kind, columns: &Vec<Column>, text: &str| Step {
        kind,
        columns: columns.clone(),
        text: text.into(),
        span: nowhere(),
    };
    Transform {
        name: "clean".into(),
        doc: Some("Clicks without direct identifiers, as they arrive: a click delivered twice is here twice.".into()),
        input: Input::Stream("clicks".into()),
        input_columns: click_columns(),
        steps: vec![
            step(StepKind::Derive(derives), &derived, "derive day = date(at)"),
            step(
                expect,
                &derived,
                "expect sane_amount : amount < 100_000 else quarantine",
            ),
            step(StepKind::Drop(vec!["user_id".into()]), &dropped, "drop user_id"),
        ],
        target: DatasetId {
            zone: "processed".into(),
            name: "clicks".into(),
        },
        mode: WriteMode::Append,
        reads: Reads::Arrivals,
        engine: Engine::Lambda(Lambda {
            batch: 500,
            wait_seconds: 10,
            memory_mib: 512,
            timeout_seconds: 60,
            architecture: "x86_64".into(),
            retries: 5,
        }),
        why: vec!["`engine = lambda` is written".into()],
        span: nowhere(),
    }
}

fn daily_pages(input: &[Column]) -> Transform {
    let day = column("day", TypeKind::Date.required(), &[], None);
    let page = column("page", TypeKind::Text.required(), &[], None);
    let aggregate = |function: &str, argument: Option<Expr>, ty: Type, text: &str| Aggregate {
        function: function.into(),
        argument,
        ty,
        text: text.into(),
    };
    let sum = TypeKind::Decimal {
        precision: 22,
        scale: 2,
    }
    .required();
    let int = TypeKind::Int.required();
    let aggregates = vec![
        (
            column("clicks", int.clone(), &[], Some("Every view, cart and purchase.")),
            aggregate("count", None, int.clone(), "count()"),
        ),
        (
            column("buyers", int.clone(), &[], Some("Distinct buyers, by pseudonym.")),
            aggregate(
                "count_distinct",
                Some(reference("buyer", TypeKind::Text.required())),
                int,
                "count_distinct(buyer)",
            ),
        ),
        (
            column("revenue", sum.clone(), &[], Some("Dollars.")),
            aggregate("sum", Some(reference("amount", MONEY.required())), sum, "sum(amount)"),
        ),
    ];
    let keys = vec![
        (day.clone(), reference("day", day.ty.clone())),
        (page.clone(), reference("page", page.ty.clone())),
    ];
    let mut grouped = vec![day, page];
    grouped.extend(aggregates.iter().map(|(column, _)| column.clone()));
    Transform {
        name: "daily_pages".into(),
        doc: Some("What each day brought, page by page.".into()),
        input: Input::Table(DatasetId {
            zone: "processed".into(),
            name: "clicks".into(),
        }),
        input_columns: input.to_vec(),
        steps: vec![
            Step {
                kind: StepKind::Dedupe {
                    keys: vec!["click_id".into()],
                    keep_first: true,
                    by: "at".into(),
                },
                columns: input.to_vec(),
                text: "dedupe by click_id keep first by at".into(),
                span: nowhere(),
            },
            Step {
                kind: StepKind::Group { keys, aggregates },
                columns: grouped,
                text: "group by day, page".into(),
                span: nowhere(),
            },
        ],
        target: DatasetId {
            zone: "curated".into(),
            name: "daily_pages".into(),
        },
        mode: WriteMode::Overwrite,
        reads: Reads::Days {
            column: "day".into(),
            late_seconds: 86_400,
            input_retain_days: 180,
        },
        engine: Engine::Glue(Glue {
            worker: "G.1X".into(),
            min_workers: 2,
            max_workers: 10,
            timeout_minutes: 20,
        }),
        why: vec![
            "it reads a table".into(),
            "`day` goes through unchanged, so a run computes only the days that may have changed".into(),
        ],
        span: nowhere(),
    }
}

fn zone(name: &str, tier: u8, format: Format, retain_days: u32) -> Zone {
    Zone {
        name: name.into(),
        doc: None,
        tier,
        format,
        retain_days,
        versioning: true,
        backup_days: None,
        quarantine_days: 14,
        target_file_bytes: 128 << 20,
    }
}

fn text(value: &str) -> Literal {
    Literal::Text(value.into())
}

fn uuid(id: u128) -> Literal {
    Literal::Uuid(format!("00000000-0000-0000-0000-{id:012}"))
}

fn money(cents: i128) -> Literal {
    Literal::Decimal {
        unscaled: cents,
        scale: 2,
    }
}

fn turned_away() -> Test {
    let input = |id, kind: &str| {
        vec![
            uuid(id),
            text(""),
            Literal::Timestamp(0),
            text(""),
            text(kind),
            Literal::Null,
        ]
    };
    Test {
        title: "a purchase without an amount is turned away".into(),
        transform: "clean".into(),
        given: vec![input(1, "buy"), input(2, "view")],
        expect: Some(vec![vec![("kind".into(), text("view")), ("amount".into(), money(0))]]),
        expect_rejected: Some(1),
        span: nowhere(),
    }
}

fn adds_up() -> Test {
    // 2026-01-01 is day 20,454.
    let input = |id, day, buyer: &str, cents| {
        vec![
            uuid(id),
            Literal::Timestamp(0),
            text("/a"),
            text(""),
            money(cents),
            Literal::Date(day),
            text(buyer),
        ]
    };
    let output = |day, clicks, cents| {
        vec![
            ("day".into(), Literal::Date(day)),
            ("page".into(), text("/a")),
            ("clicks".into(), Literal::Int(clicks)),
            ("buyers".into(), Literal::Int(1)),
            ("revenue".into(), money(cents)),
        ]
    };
    Test {
        title: "revenue adds up".into(),
        transform: "daily_pages".into(),
        given: vec![
            input(1, 20_454, "x", 1_000),
            input(2, 20_454, "x", 250),
            input(3, 20_455, "y", 100),
        ],
        expect: Some(vec![output(20_454, 2, 1_250), output(20_455, 1, 100)]),
        expect_rejected: None,
        span: nowhere(),
    }
}

/// The plan of `examples/clickstream`, without an environment.
pub fn clickstream() -> Plan {
    let id = |zone: &str, name: &str| DatasetId {
        zone: zone.into(),
        name: name.into(),
    };
    let clean = clean();
    let processed = clean.steps[2].columns.clone();
    let daily = daily_pages(&processed);
    let mut raw = click_columns();
    raw.push(column(
        names::ARRIVAL_DAY,
        TypeKind::Date.required(),
        &[],
        Some("The UTC day of arrival."),
    ));
    let dataset =
        |id: DatasetId, doc: &Option<String>, columns: Vec<Column>, partition: &str, format, retain_days, writer| {
            Dataset {
                id,
                doc: doc.clone(),
                columns,
                partition: vec![partition.into()],
                format,
                retain_days,
                writer,
            }
        };
    let datasets = [
        dataset(
            id("raw", "clicks"),
            &None,
            raw,
            names::ARRIVAL_DAY,
            Format::Json,
            30,
            Writer::Source("clicks".into()),
        ),
        dataset(
            id("processed", "clicks"),
            &clean.doc,
            processed,
            "day",
            Format::Parquet,
            180,
            Writer::Transform("clean".into()),
        ),
        dataset(
            id("curated", "daily_pages"),
            &daily.doc,
            daily.steps[1].columns.clone(),
            "day",
            Format::Parquet,
            730,
            Writer::Transform("daily_pages".into()),
        ),
    ];
    let grant = |dataset, columns: &[&str], all| Grant {
        dataset,
        columns: columns.iter().map(|c| c.to_string()).collect(),
        all_columns: all,
    };
    Plan {
        pipeline: Pipeline {
            name: "clickstream".into(),
            doc: Some("Clicks stream in, are cleaned within seconds, and add up to daily numbers for analysts.".into()),
            region: "eu-west-1".into(),
            owner: "web-analytics@example.com".into(),
            budget: Some(600.0),
            destroyable: false,
            log_days: 30,
            key_rotation_days: 365,
        },
        environment: None,
        environments: vec!["dev".into(), "prod".into()],
        params: vec![Param {
            name: "alert_email".into(),
            doc: None,
            terraform_type: "string".into(),
            default: Some(Literal::Text("alerts@example.com".into())),
        }],
        classes: vec![
            Class {
                name: "pii".into(),
                doc: None,
                retain_at_most_days: Some(60.0),
                lowered_by: vec![("pseudonym".into(), Some("pseudonymous".into()))],
                below: None,
            },
            Class {
                name: "pseudonymous".into(),
                doc: None,
                retain_at_most_days: None,
                lowered_by: vec![],
                below: None,
            },
        ],
        sources: vec![Source {
            name: "clicks".into(),
            doc: None,
            schema: click_schema(),
            from: From::Kinesis(Kinesis {
                existing: None,
                shards: Some(2),
                retention_hours: 24,
                partition_key: Some("click_id".into()),
            }),
            volume: Some(Volume {
                records_per_second: 500.0,
                record_bytes: 600,
            }),
            late_at_most_seconds: 86_400,
            into: Some(id("raw", "clicks")),
        }],
        zones: vec![
            zone("raw", 1, Format::Json, 30),
            zone("processed", 2, Format::Parquet, 180),
            zone("curated", 3, Format::Parquet, 730),
        ],
        datasets: datasets
            .into_iter()
            .map(|dataset| (dataset.id.clone(), dataset))
            .collect(),
        transforms: vec![clean, daily],
        serves: vec![Serve {
            name: "adhoc".into(),
            athena_scan_limit_bytes: 10 << 30,
            result_days: 7,
            expose: vec![id("processed", "clicks"), id("curated", "daily_pages")],
        }],
        accesses: vec![Access {
            name: "analysts".into(),
            roles: vec!["arn:aws:iam::123456789012:role/Analyst".into()],
            grants: vec![
                grant(
                    id("curated", "daily_pages"),
                    &["day", "page", "clicks", "buyers", "revenue"],
                    true,
                ),
                grant(id("processed", "clicks"), &["page", "kind", "amount", "day"], false),
            ],
        }],
        schedules: vec![Schedule {
            name: "nightly".into(),
            doc: None,
            cron: "15 1 * * ? *".into(),
            zone: "UTC".into(),
            waves: vec![vec!["daily_pages".into()]],
            retry: Some(Retry {
                times: 3,
                first_seconds: 30,
                factor: 2.0,
            }),
            on_failure: Some("operations".into()),
        }],
        monitors: vec![Monitor {
            name: "operations".into(),
            emails: vec![Text::Param("alert_email".into())],
            alarms: vec![
                Alarm::Freshness {
                    dataset: id("curated", "daily_pages"),
                    over_seconds: 26 * 3600,
                },
                Alarm::Errors {
                    transform: "clean".into(),
                    over_percent: 1.0,
                },
                Alarm::Lag {
                    source: "clicks".into(),
                    over_seconds: 300,
                },
                Alarm::Cost { over_percent: 80.0 },
            ],
        }],
        deliveries: vec![Delivery {
            name: "ship".into(),
            ci: "gitlab".into(),
            environments: vec!["dev".into(), "prod".into()],
            approve: vec!["prod".into()],
        }],
        tests: vec![turned_away(), adds_up()],
    }
}
