//! What is said of the words of the language that nothing declares: steps, items, types.

/// The steps: the word, how it is written on (`$1` …: what is to be filled in), and what it does.
pub(super) const STEPS: &[(&str, &str, &str)] = &[
    (
        "filter",
        "filter ${1:condition}",
        "Keeps the rows of which the condition is true.",
    ),
    (
        "derive",
        "derive ${1:name} = ${2:value}",
        "Adds columns, or gives those that there are another value.",
    ),
    (
        "select",
        "select ${1:column}",
        "Keeps these columns alone, in this order.",
    ),
    ("drop", "drop ${1:column}", "Leaves columns out."),
    ("rename", "rename ${1:old} as ${2:new}", "Gives columns another name."),
    (
        "explode",
        "explode ${1:list} as ${2:name}",
        "Makes a row of each value of a list; `outer` keeps rows without any.",
    ),
    (
        "dedupe",
        "dedupe by ${1:key}",
        "Keeps one row of those with the same keys.",
    ),
    (
        "join",
        "join ${1:other} as ${2:name} on ${3:condition}",
        "Looks rows up in another dataset.",
    ),
    ("union", "union ${1:other}", "Adds the rows of another dataset."),
    (
        "group",
        "group by ${1:key} {\n  ${2:name} = ${3:count()}\n}",
        "Makes a row of all rows with the same keys.",
    ),
    (
        "window",
        "window by ${1:key} order by ${2:column} {\n  ${3:name} = ${4:row_number()}\n}",
        "Adds columns that are computed over the rows around each.",
    ),
    (
        "session",
        "session by ${1:key} gap ${2:30 min} as ${3:name}",
        "Numbers runs of rows without a longer gap.",
    ),
    (
        "pivot",
        "pivot by ${1:key} on ${2:column} {\n  ${3:name} = ${4:count()} for ${5:value}\n}",
        "Makes a column of each value of a column.",
    ),
    (
        "unpivot",
        "unpivot ${1:columns} as ${2:name}, ${3:value}",
        "Makes a row of each of these columns.",
    ),
    ("sort", "sort by ${1:column}", "Puts rows in order."),
    ("take", "take ${1:10}", "Keeps the first rows."),
    (
        "expect",
        "expect ${1:name} : ${2:condition} else ${3|quarantine,drop,warn,fail|}",
        "Checks each row, and says what becomes of those that fail.",
    ),
    (
        "route",
        "route {\n  when ${1:condition} -> ${2:target}\n  else -> ${3:target}\n}",
        "Sends rows to different targets.",
    ),
    (
        "run",
        "run script \"${1:path}\" returns ${2:Schema} { $0 }",
        "Runs a program that the project provides.",
    ),
];

/// The items: the word, how it is written on, and what it is.
pub(super) const ITEMS: &[(&str, &str, &str)] = &[
    (
        "pipeline",
        "pipeline ${1:name} {\n  cloud = aws { region = \"${2:eu-west-1}\" }\n  owner = \"${3:team@example.com}\"\n}",
        "The platform as a whole: one a project.",
    ),
    (
        "env",
        "env ${1:dev} {\n  $0\n}",
        "Settings that are others in one environment.",
    ),
    (
        "param",
        "param ${1:name} : ${2:string} = ${3:\"\"}",
        "A value that is known only at deployment.",
    ),
    (
        "class",
        "class ${1:pii} {\n  retain_at_most = ${2:60 days}\n}",
        "A class of data, and what may become of it.",
    ),
    ("enum", "enum ${1:Name} {\n  ${2:variant}\n}", "A type of a few names."),
    ("type", "type ${1:Name} = ${2:decimal(12, 2)}", "A name for a type."),
    (
        "schema",
        "schema ${1:Name} {\n  ${2:id} : ${3:uuid} @key\n}",
        "What the columns of rows are.",
    ),
    (
        "source",
        "source ${1:name} : ${2|stream,table,objects|} of ${3:Schema} {\n  from = ${4:kinesis { stream = own }}\n  into = ${5:raw}\n}",
        "Where rows come from.",
    ),
    (
        "zone",
        "zone ${1:raw} like std.zones.${1:raw} { retain = ${2:30 days} }",
        "A tier of the lake.",
    ),
    (
        "retention",
        "retention ${1:name} {\n  $0\n}",
        "How long rows stay, and where.",
    ),
    (
        "transform",
        "transform ${1:name} : ${2:input} -> ${3:zone}.${4:dataset} {\n  $0\n}",
        "What is made of rows, step by step.",
    ),
    (
        "sink",
        "sink ${1:name} {\n  to = $0\n}",
        "Where rows leave the lake for.",
    ),
    (
        "fn",
        "fn ${1:name}(${2:value}: ${3:int}) -> ${4:int} = $0",
        "A function of the project's own.",
    ),
    (
        "serve",
        "serve ${1:adhoc} { engine = athena, expose = [$0] }",
        "How people and tools read.",
    ),
    (
        "access",
        "access ${1:analysts} {\n  principals = [role(\"${2:arn}\")]\n  allow select on $0\n}",
        "Who may see what.",
    ),
    (
        "schedule",
        "schedule ${1:nightly} {\n  at  = cron(\"${2:15 1 * * ? *}\", zone: \"UTC\")\n  run = [$0]\n}",
        "When transforms run.",
    ),
    (
        "monitor",
        "monitor ${1:operations} {\n  notify = [$0]\n}",
        "Alarms, and who is told.",
    ),
    (
        "delivery",
        "delivery ${1:ship} { ci = $0 }",
        "How the platform is deployed.",
    ),
    (
        "test",
        "test \"${1:title}\" for ${2:transform} {\n  given ${3:input} = [ { $4 } ]\n  expect [ { $0 } ]\n}",
        "Rows in, rows out.",
    ),
    ("account", "account ${1:name} {\n  $0\n}", "An account of the cloud."),
    (
        "use",
        "use \"../${1:project}\"",
        "Another project, for what it exports.",
    ),
    (
        "override",
        "override ${1:resource}.${2:name} {\n  $0\n}",
        "What a generated resource is to have besides.",
    ),
];

/// The types of the language, and what each is.
pub(super) const TYPES: &[(&str, &str)] = &[
    ("bool", "True or false."),
    ("int", "A whole number of 64 bits."),
    ("float", "A number of IEEE 754 binary64."),
    (
        "decimal",
        "An exact number: `decimal(digits, behind the point)`, at most 38 digits.",
    ),
    ("string", "A text."),
    ("bytes", "Bytes."),
    ("date", "A day."),
    ("timestamp", "A moment, in microseconds, UTC."),
    ("duration", "A length of time."),
    ("uuid", "A UUID."),
    ("json", "Any JSON."),
    ("list", "Values of one type: `list<T>`."),
    ("map", "Values by text: `map<string, T>`."),
    ("struct", "Fields: `struct { name : type }`."),
    ("object", "A file: `object { types = […], max = 5 MiB }`."),
];

/// What a step does.
pub(super) fn step(word: &str) -> Option<&'static str> {
    let found = STEPS.iter().find(|(known, ..)| *known == word);
    found.map(|(_, _, doc)| *doc)
}

/// What an item is.
pub(super) fn item(word: &str) -> Option<&'static str> {
    let found = ITEMS.iter().find(|(known, ..)| *known == word);
    found.map(|(_, _, doc)| *doc)
}

/// What a type is.
pub(super) fn ty(word: &str) -> Option<&'static str> {
    let found = TYPES.iter().find(|(known, _)| *known == word);
    found.map(|(_, doc)| *doc)
}
