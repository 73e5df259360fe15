//! Dashboards, as templates of CloudFormation: a sheet a dataset, with what its columns are good for.
//!
//! It must not know AWS resources: data sets and readers come by parameters. Shapes of a definition are those of
//! <https://docs.aws.amazon.com/quicksight/latest/APIReference/API_DashboardVersionDefinition.html>.

use serde_json::{Map, Value, json};

use crate::plan::types::{Column, TypeKind};
use crate::plan::{Dataset, Files, Plan, QuickSight, Serve, Writer, names};

/// The most numbers that stand side by side.
const NUMBERS: usize = 3;
/// The width of a sheet, in columns of its grid.
const WIDTH: u32 = 36;
/// How far ahead of the newest day a forecast looks.
const AHEAD: u32 = 7;
/// How many entries stand in a list of the largest.
const LARGEST: u32 = 5;
/// Titles are no longer.
const TITLE: usize = 200;
/// What who sees a dashboard may do. QuickSight takes such lists only whole (P-QS-3).
const VIEW: [&str; 3] = [
    "quicksight:DescribeDashboard",
    "quicksight:ListDashboardVersions",
    "quicksight:QueryDashboard",
];

/// The path of a dashboard's template in the build.
pub fn path(serve: &str) -> String {
    format!("quicksight/{}.json", names::hyphened(serve))
}

/// The parameter that is the ARN of a data set, by its place among what is exposed.
pub fn data_set(at: usize) -> String {
    format!("DataSet{}", at + 1)
}

/// The parameter that is the ARN of who sees the dashboard, by its place among them.
pub fn reader(at: usize) -> String {
    format!("Reader{}", at + 1)
}

/// What a column is to a dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A truth value.
    Bool,
    /// A whole number.
    Whole,
    /// Another number.
    Number,
    /// A day or an instant.
    Time,
}

impl Kind {
    /// As QuickSight calls it.
    pub fn of_quicksight(self) -> &'static str {
        match self {
            Kind::Text => "STRING",
            Kind::Bool => "BOOLEAN",
            Kind::Whole => "INTEGER",
            Kind::Number => "DECIMAL",
            Kind::Time => "DATETIME",
        }
    }
}

/// What a column is; nothing where QuickSight has no type for it. What has landed is text, but for its partition.
pub fn kind(dataset: &Dataset, column: &Column) -> Option<Kind> {
    if matches!(dataset.writer, Writer::Source(_)) && !dataset.partition.contains(&column.name) {
        return Some(Kind::Text);
    }
    match column.ty.kind {
        TypeKind::Bool => Some(Kind::Bool),
        TypeKind::Int | TypeKind::Duration => Some(Kind::Whole),
        TypeKind::Float | TypeKind::Decimal { .. } => Some(Kind::Number),
        TypeKind::Date | TypeKind::Timestamp => Some(Kind::Time),
        TypeKind::Bytes | TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) => None,
        _ => Some(Kind::Text),
    }
}

/// The templates of all dashboards.
pub fn files(plan: &Plan) -> Files {
    let all = plan.dashboards().map(|(serve, quicksight)| {
        let mut text = serde_json::to_string_pretty(&template(plan, serve, quicksight)).unwrap_or_default();
        text.push('\n');
        (path(&serve.name), text)
    });
    all.collect()
}

fn template(plan: &Plan, serve: &Serve, quicksight: &QuickSight) -> Value {
    let mut parameters = Map::new();
    for name in ["Id", "Name"] {
        parameters.insert(name.into(), json!({ "Type": "String" }));
    }
    let sets: Vec<String> = (0..serve.expose.len()).map(data_set).collect();
    let readers: Vec<String> = quicksight.sharers().enumerate().map(|(at, _)| reader(at)).collect();
    for name in sets.iter().chain(&readers) {
        parameters.insert(name.clone(), json!({ "Type": "String" }));
    }
    let declared: Vec<Value> = sets
        .iter()
        .map(|name| json!({ "Identifier": name, "DataSetArn": { "Ref": name } }))
        .collect();
    let sheets: Vec<Value> = serve
        .expose
        .iter()
        .zip(&sets)
        .map(|(id, set)| Sheet::of(plan, quicksight, plan.dataset(id), set).value())
        .collect();
    let mut properties = json!({
        "AwsAccountId": { "Ref": "AWS::AccountId" },
        "DashboardId": { "Ref": "Id" },
        "Name": { "Ref": "Name" },
        "Definition": { "DataSetIdentifierDeclarations": declared, "Sheets": sheets },
        "DashboardPublishOptions": {
            "AdHocFilteringOption": { "AvailabilityStatus": "ENABLED" },
            "ExportToCSVOption": { "AvailabilityStatus": "DISABLED" },
        },
        "ValidationStrategy": { "Mode": "STRICT" },
    });
    if !readers.is_empty() {
        let permissions: Vec<Value> = readers
            .iter()
            .map(|name| json!({ "Principal": { "Ref": name }, "Actions": VIEW }))
            .collect();
        properties["Permissions"] = permissions.into();
    }
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("The dashboard of {}", serve.name),
        "Parameters": parameters,
        "Resources": { "Dashboard": { "Type": "AWS::QuickSight::Dashboard", "Properties": properties } },
        "Outputs": { "Arn": { "Value": { "Fn::GetAtt": ["Dashboard", "Arn"] } } },
    })
}

/// A sheet: its visuals from the top, and where each stands.
struct Sheet<'p> {
    set: &'p str,
    dataset: &'p Dataset,
    columns: Vec<(&'p Column, Kind)>,
    visuals: Vec<Value>,
    places: Vec<Value>,
    /// The next free row of the grid.
    row: u32,
}

impl<'p> Sheet<'p> {
    fn of(plan: &'p Plan, quicksight: &QuickSight, dataset: &'p Dataset, set: &'p str) -> Sheet<'p> {
        let shown = plan.shown(quicksight, &dataset.id).into_iter();
        let columns = shown.filter_map(|column| Some((column, kind(dataset, column)?)));
        let mut sheet = Sheet {
            set,
            dataset,
            columns: columns.collect(),
            visuals: vec![],
            places: vec![],
            row: 0,
        };
        sheet.figures();
        sheet.over_time();
        sheet.by_dimension();
        if quicksight.insights {
            sheet.insights();
        }
        sheet.rows();
        sheet
    }

    fn value(self) -> Value {
        let layout = json!({ "Configuration": { "GridLayout": { "Elements": self.places } } });
        json!({
            "SheetId": format!("{}-{}", names::hyphened(&self.dataset.id.zone), names::hyphened(&self.dataset.id.name)),
            "Name": self.dataset.id.to_string(),
            "ContentType": "INTERACTIVE",
            "Visuals": self.visuals,
            "Layouts": [layout],
        })
    }

    /// The numbers that are worth adding up: none of the keys, none that says where a row stands.
    fn measures(&self) -> Vec<&'p Column> {
        let adds_up = |(column, kind): &&(&Column, Kind)| {
            matches!(kind, Kind::Whole | Kind::Number) && !column.key && !self.dataset.partition.contains(&column.name)
        };
        let found = self.columns.iter().filter(adds_up).map(|(column, _)| *column);
        found.take(NUMBERS).collect()
    }

    /// The time that rows are of: what partitions them, else the first.
    fn time(&self) -> Option<&'p Column> {
        let times = || self.columns.iter().filter(|(_, kind)| *kind == Kind::Time);
        let partition = times().find(|(column, _)| self.dataset.partition.contains(&column.name));
        partition.or_else(|| times().next()).map(|(column, _)| *column)
    }

    fn dimension(&self) -> Option<&'p Column> {
        let mut texts = self
            .columns
            .iter()
            .filter(|(column, kind)| *kind == Kind::Text && !column.key);
        texts.next().map(|(column, _)| *column)
    }

    fn column(&self, column: &Column) -> Value {
        json!({ "DataSetIdentifier": self.set, "ColumnName": column.name })
    }

    /// A sum, by a name of its own within its visual.
    fn sum(&self, visual: &str, column: &Column) -> Value {
        json!({ "NumericalMeasureField": {
            "FieldId": format!("{visual}-{}", column.name),
            "Column": self.column(column),
            "AggregationFunction": { "SimpleNumericalAggregation": "SUM" },
        } })
    }

    fn days(&self, visual: &str, column: &Column) -> Value {
        json!({ "DateDimensionField": {
            "FieldId": format!("{visual}-{}", column.name),
            "Column": self.column(column),
            "DateGranularity": "DAY",
        } })
    }

    fn texts(&self, visual: &str, column: &Column) -> Value {
        json!({ "CategoricalDimensionField": {
            "FieldId": format!("{visual}-{}", column.name),
            "Column": self.column(column),
        } })
    }

    /// How many rows there are.
    fn count(&self, visual: &str) -> Option<Value> {
        let (column, kind) = self.columns.first()?;
        let id = format!("{visual}-count");
        let of = self.column(column);
        Some(match kind {
            Kind::Text | Kind::Bool => json!({ "CategoricalMeasureField": {
                "FieldId": id, "Column": of, "AggregationFunction": "COUNT",
            } }),
            Kind::Whole | Kind::Number => json!({ "NumericalMeasureField": {
                "FieldId": id, "Column": of, "AggregationFunction": { "SimpleNumericalAggregation": "COUNT" },
            } }),
            Kind::Time => {
                json!({ "DateMeasureField": { "FieldId": id, "Column": of, "AggregationFunction": "COUNT" } })
            }
        })
    }

    /// A visual in a place of the grid.
    fn add(&mut self, kind: &str, name: &str, title: Option<&str>, more: Value, place: (u32, u32), height: u32) {
        let mut visual = json!({ "VisualId": self.id(name) });
        if let Some(title) = title {
            let text: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
            let text: String = text.chars().take(TITLE).collect();
            visual["Title"] = json!({ "Visibility": "VISIBLE", "FormatText": { "PlainText": text } });
        }
        if let (Value::Object(visual), Value::Object(more)) = (&mut visual, more) {
            visual.extend(more);
        }
        self.visuals.push(json!({ kind: visual }));
        self.places.push(json!({
            "ElementId": self.id(name),
            "ElementType": "VISUAL",
            "ColumnIndex": place.0,
            "ColumnSpan": place.1,
            "RowIndex": self.row,
            "RowSpan": height,
        }));
    }

    fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.set.to_lowercase())
    }

    fn figures(&mut self) {
        let measures = self.measures();
        let width = WIDTH / (measures.len() as u32 + 1);
        if let Some(count) = self.count("rows") {
            let wells = json!({ "ChartConfiguration": { "FieldWells": { "Values": [count] } } });
            self.add("KPIVisual", "rows", Some("Rows"), wells, (0, width), 6);
        }
        for (at, column) in measures.into_iter().enumerate() {
            let name = format!("total-{}", names::hyphened(&column.name));
            let wells = json!({ "ChartConfiguration": { "FieldWells": { "Values": [self.sum(&name, column)] } } });
            let place = ((at as u32 + 1) * width, width);
            self.add("KPIVisual", &name, Some(title(column)), wells, place, 6);
        }
        self.row += 6;
    }

    fn over_time(&mut self) {
        let Some(time) = self.time() else { return };
        let mut values: Vec<Value> = self.measures().into_iter().map(|one| self.sum("trend", one)).collect();
        if values.is_empty() {
            values.extend(self.count("trend"));
        }
        let wells = json!({ "ChartConfiguration": {
            "Type": "LINE",
            "FieldWells": { "LineChartAggregatedFieldWells": {
                "Category": [self.days("trend", time)],
                "Values": values,
            } },
        } });
        self.add("LineChartVisual", "trend", Some("Day by day"), wells, (0, WIDTH), 12);
        self.row += 12;
    }

    fn by_dimension(&mut self) {
        let Some(dimension) = self.dimension() else { return };
        let measure = self.measures().first().map(|one| self.sum("parts", one));
        let Some(value) = measure.or_else(|| self.count("parts")) else {
            return;
        };
        let wells = json!({ "ChartConfiguration": {
            "Orientation": "HORIZONTAL",
            "FieldWells": { "BarChartAggregatedFieldWells": {
                "Category": [self.texts("parts", dimension)],
                "Values": [value],
            } },
        } });
        let text = format!("By {}", dimension.name.replace('_', " "));
        self.add("BarChartVisual", "parts", Some(&text), wells, (0, WIDTH), 12);
        self.row += 12;
    }

    /// What QuickSight sees by itself: where it goes, and what is largest.
    fn insights(&mut self) {
        let Some(measure) = self.measures().first().copied() else {
            return;
        };
        let mut found = vec![];
        if let Some(time) = self.time() {
            let computation = json!({ "Forecast": {
                "ComputationId": "forecast",
                "Time": self.days("forecast", time),
                "Value": self.sum("forecast", measure),
                "PeriodsForward": AHEAD,
                "Seasonality": "AUTOMATIC",
            } });
            found.push(("forecast", "Where it goes", computation));
        }
        if let Some(dimension) = self.dimension() {
            let computation = json!({ "TopBottomRanked": {
                "ComputationId": "largest",
                "Category": self.texts("largest", dimension),
                "Value": self.sum("largest", measure),
                "ResultSize": LARGEST,
                "Type": "TOP",
            } });
            found.push(("largest", "What is largest", computation));
        }
        if found.is_empty() {
            return;
        }
        let width = WIDTH / found.len() as u32;
        for (at, (name, text, computation)) in found.into_iter().enumerate() {
            let more = json!({
                "DataSetIdentifier": self.set,
                "InsightConfiguration": { "Computations": [computation] },
            });
            self.add("InsightVisual", name, Some(text), more, (at as u32 * width, width), 8);
        }
        self.row += 8;
    }

    fn rows(&mut self) {
        let values: Vec<Value> = self
            .columns
            .iter()
            .map(|(column, _)| json!({ "FieldId": format!("table-{}", column.name), "Column": self.column(column) }))
            .collect();
        let wells =
            json!({ "ChartConfiguration": { "FieldWells": { "TableUnaggregatedFieldWells": { "Values": values } } } });
        self.add("TableVisual", "table", Some("All rows"), wells, (0, WIDTH), 16);
        self.row += 16;
    }
}

/// What an author said of a column, or its name.
fn title(column: &Column) -> &str {
    column
        .doc
        .as_deref()
        .map_or(column.name.as_str(), |doc| doc.trim_end_matches('.'))
}
