//! The registry of codes. A code is never used again for something else.
//!
//! Families: `P00xx` project and files, `P01xx` syntax, `P02xx` names, `P03xx` types and expressions,
//! `P04xx` labels, lifetimes and access, `P05xx` settings and units, `P06xx` steps, targets and engines,
//! `P07xx` capacity and cost, `P08xx` schedules, monitors, tests.

use super::Severity;

/// A code's number, printed as `P0301`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "P{:04}", self.0)
    }
}

impl Code {
    /// What the registry knows of it.
    ///
    /// # Panics
    /// If the code is not in the registry; a test holds every code that is raised against it.
    pub fn info(self) -> &'static CodeInfo {
        find(self).unwrap_or_else(|| panic!("{self} is not in the registry of codes"))
    }
}

/// What the registry knows of a code.
#[derive(Debug)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// A short title for lists.
    pub title: &'static str,
    /// Its level.
    pub severity: Severity,
    /// The version that it came with.
    pub since: &'static str,
    /// The page behind `pipec explain`.
    pub page: &'static str,
}

/// The entry of a code.
pub fn find(code: Code) -> Option<&'static CodeInfo> {
    CODES.iter().find(|info| info.code == code)
}

macro_rules! codes {
    ($($number:literal $name:ident $severity:ident $since:literal $title:literal)*) => {
        #[allow(missing_docs, reason = "the title says it")]
        #[allow(clippy::zero_prefixed_literal, reason = "codes are printed with four digits")]
        impl Code { $(pub const $name: Code = Code($number);)* }
        /// Every code, in order.
        #[allow(clippy::zero_prefixed_literal, reason = "codes are printed with four digits")]
        pub static CODES: &[CodeInfo] = &[$(CodeInfo {
            code: Code($number),
            title: $title,
            severity: Severity::$severity,
            since: $since,
            page: include_str!(concat!("explain/P", stringify!($number), ".md")),
        }),*];
    };
}

// Numbers are written with all four digits, as they are printed: the page of P0301 is `explain/P0301.md`.
codes! {
    0001 NO_PIPELINE Error "0.1.0" "no file declares a pipeline"
    0002 TWO_PIPELINES Error "0.1.0" "more than one pipeline is declared"
    0003 FILE Error "0.1.0" "a file of the project cannot be read"
    0004 IDLE_ALLOW Warning "0.2.0" "a comment silences a warning that nothing gives"
    0005 BAD_ALLOW Error "0.2.0" "a comment cannot silence what it names, or not without a reason"
    0006 NO_WARNING Error "0.2.0" "a level is set for what is no warning"
    0007 TWO_ACCOUNTS Error "0.2.0" "more than one account is declared"
    0101 SYNTAX Error "0.1.0" "something stands where the grammar does not expect it"
    0102 UNCLOSED Error "0.1.0" "a bracket or a text is never closed, or closes nothing"
    0103 UNKNOWN_WORD Error "0.1.0" "no item or step has this name"
    0104 NUMBER Error "0.1.0" "a number or a quantity is not well written"
    0105 TOO_DEEP Error "0.1.0" "an expression is too long or nests too deep"
    0106 COLUMN Error "0.1.0" "items start in column 0, and nothing else does"
    0107 ESCAPE Error "0.1.0" "texts do not have this escape"
    0108 ORDER Error "0.1.0" "settings come before clauses, and each has its separator"
    0109 CHAINED Error "0.1.0" "comparisons do not chain"
    0201 NAME_TWICE Error "0.1.0" "a name is declared twice within its kind"
    0202 UNKNOWN_ITEM Error "0.1.0" "no item has this name"
    0203 LIKE_CYCLE Error "0.1.0" "an item is like itself"
    0204 ENV_PATH Error "0.1.0" "a path of an environment leads to no item"
    0205 NOT_READABLE Error "0.1.0" "what a transform reads or writes is not written as it should be"
    0206 ITEM_NAME Error "0.1.0" "an item or a dataset may not have this name"
    0207 USE_PATH Error "0.1.0" "a `use` leads to no project"
    0208 USED_PROJECT Error "0.1.0" "a project that is used has mistakes"
    0209 USE_CYCLE Error "0.1.0" "a project uses itself"
    0210 NOT_EXPORTED Error "0.1.0" "another project does not export this"
    0211 FOREIGN_ROWS Error "0.1.0" "a source says other rows of another project's dataset than it has"
    0212 SAMPLE_FILE Error "0.1.0" "the rows of a test cannot be read from their file"
    0301 TYPE_MISMATCH Error "0.1.0" "types that do not go together"
    0302 UNKNOWN_COLUMN Error "0.1.0" "no column has this name"
    0303 UNKNOWN_FUNCTION Error "0.1.0" "no function has this name"
    0304 WRONG_ARGUMENTS Error "0.1.0" "a function does not take these arguments"
    0305 MAY_BE_MISSING Error "0.1.0" "a value may be missing where one is asked for"
    0306 NEVER_MISSING Error "0.1.0" "`??` stands behind a value that is always there"
    0307 REJECT_PLACE Error "0.1.0" "`reject` stands where no branch can be left"
    0308 AGGREGATE_PLACE Error "0.1.0" "an aggregate outside a group, or none inside"
    0309 NOT_A_CONDITION Error "0.1.0" "a condition is not a bool"
    0310 BAD_LITERAL Error "0.1.0" "a literal does not fit its type"
    0311 NULL_LITERAL Error "0.1.0" "`null` stands where it can answer nothing"
    0312 NOT_CONSTANT Error "0.1.0" "a value must be known when the project is compiled"
    0313 DUPLICATE_COLUMN Error "0.1.0" "two columns have one name"
    0314 COLUMN_NAME Error "0.1.0" "a column may not have this name"
    0315 UNKNOWN_TYPE Error "0.1.0" "no type has this name"
    0316 BAD_TYPE Error "0.1.0" "a type is not written as it should be"
    0317 NOT_A_VALUE Error "0.1.0" "something of a setting or a declaration stands in an expression"
    0318 ALWAYS_PRESENT Warning "0.1.0" "`is null` asks a value that is always there"
    0319 FLOAT_KEY Warning "0.1.0" "a float decides which rows belong together"
    0320 MATCH_CASES Error "0.1.0" "a `match` does not hold every value"
    0321 MATCH_ARM Error "0.1.0" "an arm of a `match` is never reached, or is no pattern"
    0322 NO_MEMBER Error "0.1.0" "a value has no such field or entry"
    0323 ALWAYS_MISSING Error "0.1.0" "an operation never has an answer"
    0324 PATTERN Error "0.1.0" "a pattern of `like` or `matches` is not known when the project is compiled"
    0325 RECURSIVE_TYPE Error "0.1.0" "a type holds itself"
    0326 RECORD_FIELDS Error "0.1.0" "a record has other fields than the struct that is asked for"
    0327 NOT_SPELLED Error "0.1.0" "a value has no spelling of its own in a text"
    0340 CONSTANT_ARGUMENT Error "0.1.0" "an argument must be known when the project is compiled"
    0341 REGEX Error "0.1.0" "a regular expression is not of the syntax that all engines have in common"
    0342 TIME_PATTERN Error "0.1.0" "a pattern of dates and times has a part that stands for nothing"
    0343 CALL_ORDER Error "0.1.0" "`order by` in a call is missing, or changes nothing"
    0344 FUNCTION_CYCLE Error "0.1.0" "a function calls itself"
    0345 OWN_FUNCTION Error "0.1.0" "a function has the name of one of the language"
    0346 LAMBDA_PLACE Error "0.1.0" "`=>` stands where no function takes it"
    0347 UNUSED_PARAMETER Warning "0.1.0" "a function's parameter is never read"
    0348 NOT_ON_STREAMS Error "0.1.0" "a function of the run stands in a transform of a stream"
    0349 ARGUMENT_RANGE Error "0.1.0" "an argument is outside of what its function takes"
    0401 UNKNOWN_CLASS Error "0.1.0" "no class has the name of this label"
    0402 LABEL_PLACE Error "0.1.0" "a label stands where it cannot"
    0403 LOWERS_NOTHING Error "0.1.0" "a class is lowered by a function that lowers nothing"
    0404 DECLASSIFY Error "0.1.0" "a `declassify` is not written as it should be"
    0405 NOTHING_RELEASED Error "0.1.0" "a `declassify` lets go of a label that is not there"
    0406 CLASS_DISAGREES Error "0.1.0" "a class is another one in a project that is used"
    0410 HIDDEN_COLUMN Error "0.1.0" "an access names a labelled column that it does not clear"
    0411 PRINCIPAL Error "0.1.0" "a principal is not written as it should be"
    0412 LIFETIME Error "0.1.0" "a labelled value may stay longer than its class allows"
    0413 USELESS_CLEAR Warning "0.1.0" "an access clears a class that nothing it shows carries"
    0414 SHOWN_ALREADY Warning "0.1.0" "an access shows something twice"
    0415 LEAVES Error "0.1.0" "a labelled column leaves through a sink that does not clear it"
    0416 TELLS Warning "0.1.0" "the choice of rows tells about labelled values"
    0417 NOT_SHOWN Error "0.1.0" "dashboards show something to who may not read it"
    0418 WIDER Error "0.2.0" "somebody sees more than any access says, by a way beside its grants"
    0419 LATE_ERASURE Warning "0.2.0" "a person cannot be erased from a dataset within a month"
    0501 UNKNOWN_SETTING Error "0.1.0" "nothing has a setting of this name there"
    0502 MISSING_SETTING Error "0.1.0" "a setting that has no default is not written"
    0503 SETTING_TYPE Error "0.1.0" "a setting takes a value of another kind"
    0504 DIMENSION Error "0.1.0" "a value has no unit, or one of another dimension"
    0505 OUT_OF_BOUNDS Error "0.1.0" "a value is outside of what a setting allows"
    0506 UNKNOWN_VARIANT Error "0.1.0" "a setting or clause has no such variant"
    0507 SETTING_TWICE Error "0.1.0" "a setting, or an element of a list, is written twice"
    0508 UNKNOWN_UNIT Error "0.1.0" "no unit has this name"
    0509 TEXT_FORM Error "0.1.0" "a text is not of the form that its setting takes"
    0510 PARAM_PLACE Error "0.1.0" "a param stands where a value must be known at compile time"
    0511 SETTINGS_CLASH Error "0.1.0" "two settings do not go together"
    0512 NO_FILE Error "0.1.0" "a file that the project names is not there"
    0601 NO_COLUMNS_LEFT Error "0.1.0" "a step leaves no column"
    0602 TABLES_ONLY Error "0.1.0" "what only a table can do stands in a transform of a stream"
    0603 DEDUPE_ORDER Error "0.1.0" "`dedupe` does not say which row stays"
    0604 PARTITION_COLUMN Error "0.1.0" "a dataset lacks a column that its partition names, or cannot partition by it"
    0605 EXPECT Error "0.1.0" "an `expect` is not written as it should be"
    0610 TIER Error "0.1.0" "data flows to a lower tier"
    0611 SOURCES_ONLY Error "0.1.0" "a transform writes where only sources may, or a source where only transforms may"
    0612 WRITTEN_TWICE Error "0.1.0" "two transforms write one dataset"
    0613 DATAFLOW_CYCLE Error "0.1.0" "the dataflow goes round in a circle"
    0614 ENGINE Error "0.1.0" "an engine cannot run this transform"
    0615 UNDOCUMENTED Error "0.1.0" "a zone wants something documented that is not"
    0616 OUTLIVES_INPUT Error "0.1.0" "an overwritten dataset outlives its input"
    0620 JOIN Error "0.1.0" "a join is not written as it should be"
    0621 CROSS_JOIN Warning "0.1.0" "a join compares every row with every row"
    0622 WITHIN Error "0.1.0" "a stream's step has no bound, or a table's has one"
    0623 UNION Error "0.1.0" "the sides of a union do not go together"
    0624 WINDOW Error "0.1.0" "a window is not written as it should be"
    0625 EVENT_TIME Error "0.1.0" "a step goes by the event time, and the rows have none"
    0626 ORDER_BY Error "0.1.0" "a step does not say in which order rows come, or rows have no such order"
    0627 ROUTE Error "0.1.0" "a `route` is not written as it should be"
    0628 RUN Error "0.1.0" "a provided program is not written as it should be"
    0630 KEY_TYPE Error "0.1.0" "rows have a key that cannot tell them apart"
    0631 CHANGES Error "0.1.0" "changes are read as if they were rows"
    0632 VIEW Error "0.1.0" "a transform without a target says how it is written"
    0633 LANDED Error "0.1.0" "a table is read by its source's name, not as what has landed"
    0634 WRITE_MODE Error "0.1.0" "rows cannot be written so"
    0635 MULTIPLIED Error "0.1.0" "a merge meets one key several times"
    0636 CONTRACT Error "0.1.0" "a result does not have the columns of its contract"
    0637 SINK_KEY Error "0.1.0" "a sink's key is no column of the rows that come to it"
    0640 UNREAD_VIEW Warning "0.1.0" "nothing reads a transform that writes nothing"
    0690 NOT_YET Error "0.1.0" "this version cannot do it yet"
    0701 CAPACITY Error "0.1.0" "a promised volume does not fit"
    0702 FRESHNESS Error "0.1.0" "data cannot be as fresh as an alarm wants it"
    0703 BUDGET Error "0.2.0" "a platform costs more than its budget"
    0790 NEVER_PURGED Error "0.1.0" "nothing tells how old the rows of a table are"
    0801 CRON Error "0.1.0" "a cron text is not six fields of EventBridge Scheduler"
    0802 TIME_ZONE Error "0.1.0" "no time zone has this name"
    0803 NOT_SCHEDULED Error "0.1.0" "a schedule runs what no schedule can run"
    0804 NO_BUDGET Error "0.1.0" "an alarm is about a budget that is not there"
    0805 EMAIL Error "0.1.0" "a mail address is not one"
    0806 TEST_INPUT Error "0.1.0" "a test gives rows of what its transform does not read"
    0807 TEST_FILL Error "0.1.0" "a row of a test leaves out what only its author can say"
    0808 APPROVAL Error "0.1.0" "an environment is approved that the delivery does not ship to"
    0809 SOURCE_SHAPE Error "0.1.0" "a source cannot bring rows of this shape from there"
    0810 OBJECT_FIELD Error "0.1.0" "a source of objects has not exactly one object field"
    0811 DELIVERS Error "0.1.0" "deliveries of a source cannot be what is said of them"
    0812 RETENTION_ORDER Error "0.1.0" "the stages of a retention are not in the order of time"
    0813 UNREADABLE_ARCHIVE Error "0.1.0" "rows rest where nothing can read them, and something does"
    0814 LOCKED Error "0.1.0" "what is locked would have to be changed"
    0815 ALARM_TARGET Error "0.1.0" "an alarm is of something that it cannot watch"
    0816 OVERRIDE_NAME Error "0.1.0" "an override does not name a resource"
    0817 ARRIVAL Error "0.1.0" "nothing arrives where a schedule waits for it"
    0818 OVERRIDE_RESOURCE Error "0.2.0" "an override is of a resource that the build does not write"
    0819 OVERRIDE_ATTRIBUTE Error "0.2.0" "an override sets what cannot be set"
    0820 OVERRIDE_VALUE Error "0.2.0" "the value of an override does not fit the provider's schema"
    0821 OVERRIDE_REASON Error "0.2.0" "an override touches what is proved or guarded, and does not say why"
}
