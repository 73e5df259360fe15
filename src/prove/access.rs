//! Who sees what, by any way that a platform opens: never more than an `access` says.
//!
//! Who signs a request is a role, a user, or the role that all groups of an `access` sign in with. Each way shows a part
//! of a dataset: columns, of rows under a condition. A part that no `allow` of the one who sees it holds is an error that
//! names the way. Rows and columns of several `allow`s are no more than these side by side, for Lake Formation gives engines
//! a filter of rows for each column.
//! <https://docs.aws.amazon.com/glue/latest/webapi/API_GetUnfilteredTableMetadata.html>
//!
//! No way leads to what is not in the list: files of the lake, streams, dead letters, quarantine, logs, replicas and backups
//! are read by roles of the platform alone, which `pipec verify` holds a deployment to.

use std::collections::BTreeMap;

use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::{Access, Dataset, DatasetId, Format, Grant, Plan, Serve, Sharer};

/// Who signs what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signer<'p> {
    /// A role, by its ARN.
    Role(&'p str),
    /// A user of IAM, by its name.
    User(&'p str),
    /// The groups of an access, by its name: their members sign in with one role.
    Groups(&'p str),
}

/// As an author knows it.
impl std::fmt::Display for Signer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Signer::Role(arn) => write!(f, "role {arn}"),
            Signer::User(name) => write!(f, "user {name}"),
            Signer::Groups(access) => write!(f, "the groups of {access}"),
        }
    }
}

/// A part of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'p> {
    /// The dataset.
    pub dataset: &'p DatasetId,
    /// The columns.
    pub columns: Vec<&'p str>,
    /// Which rows, as written; none where all of them.
    pub rows: Option<&'p str>,
}

impl<'p> Part<'p> {
    fn of(grant: &'p Grant) -> Part<'p> {
        Part {
            dataset: &grant.dataset,
            columns: grant.columns.iter().map(String::as_str).collect(),
            rows: grant.condition.as_ref().map(|condition| condition.text.as_str()),
        }
    }

    /// Whether all of another part is in it.
    fn holds(&self, other: &Part<'_>) -> bool {
        self.dataset == other.dataset
            && (self.rows.is_none() || self.rows == other.rows)
            && other.columns.iter().all(|column| self.columns.contains(column))
    }
}

/// A way by which somebody sees a part of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Way<'p> {
    /// By what.
    pub by: By<'p>,
    /// What is seen.
    pub parts: Vec<Part<'p>>,
}

/// What somebody sees rows by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By<'p> {
    /// Grants: by queries of one's own.
    Grants,
    /// A warehouse, which asks in the name of who is signed in.
    Warehouse(&'p Serve),
    /// Dashboards, as one that they are shared with.
    Dashboards(&'p Serve, Sharer<'p>),
    /// What another is answered: all who ask in a workgroup may read what is answered there.
    Answers(&'p Serve, &'p Access, Signer<'p>),
    /// The values of a column that partitions are made of: the catalog lists them whole for a warehouse.
    Partitions(&'p Serve),
}

/// As it is told.
impl std::fmt::Display for By<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            By::Grants => f.write_str("queries"),
            By::Warehouse(serve) => write!(f, "warehouse {}", serve.name),
            By::Dashboards(serve, sharer) => write!(f, "dashboards {} as {}", serve.name, sharer.name()),
            By::Answers(serve, _, signer) => write!(f, "answers of {} to {signer}", serve.name),
            By::Partitions(serve) => write!(f, "partitions for {}", serve.name),
        }
    }
}

/// Those whom an access names.
pub fn signers(access: &Access) -> Vec<Signer<'_>> {
    let roles = access.roles.iter().map(|arn| Signer::Role(arn));
    let users = access.users.iter().map(|name| Signer::User(name));
    let groups = (!access.groups.is_empty()).then_some(Signer::Groups(&access.name));
    roles.chain(users).chain(groups).collect()
}

/// What each signer is allowed, access by access.
#[derive(Debug)]
pub struct Allowed<'p> {
    plan: &'p Plan,
    of: BTreeMap<Signer<'p>, Rights<'p>>,
}

/// What one is allowed.
#[derive(Debug, Default)]
struct Rights<'p> {
    accesses: Vec<&'p Access>,
    parts: BTreeMap<&'p DatasetId, Vec<Part<'p>>>,
}

impl Rights<'_> {
    fn hold(&self, part: &Part<'_>) -> bool {
        let mut parts = self.parts.get(part.dataset).into_iter().flatten();
        parts.any(|known| known.holds(part))
    }
}

impl<'p> Allowed<'p> {
    /// What a plan's `access` items say.
    pub fn new(plan: &'p Plan) -> Allowed<'p> {
        let mut of: BTreeMap<Signer<'p>, Rights<'p>> = BTreeMap::new();
        for access in &plan.accesses {
            for signer in signers(access) {
                let rights = of.entry(signer).or_default();
                rights.accesses.push(access);
                for grant in access.grants.iter().filter(|grant| !grant.columns.is_empty()) {
                    rights.parts.entry(&grant.dataset).or_default().push(Part::of(grant));
                }
            }
        }
        Allowed { plan, of }
    }

    /// All who sign.
    pub fn signers(&self) -> impl Iterator<Item = Signer<'p>> + '_ {
        self.of.keys().copied()
    }

    /// Every way by which a signer sees rows.
    pub fn ways(&self, signer: Signer<'p>) -> Vec<Way<'p>> {
        let Some(rights) = self.of.get(&signer) else {
            return vec![];
        };
        let all = || rights.parts.values().flatten().cloned();
        let mut ways = vec![Way {
            by: By::Grants,
            parts: all().collect(),
        }];
        for (serve, _) in self.plan.warehouses() {
            let parts: Vec<_> = all().filter(|part| serve.expose.contains(part.dataset)).collect();
            ways.push(Way {
                by: By::Warehouse(serve),
                parts,
            });
        }
        for access in &rights.accesses {
            ways.extend(self.answers(signer, access));
            ways.extend(self.dashboards(signer, access));
        }
        ways.extend(self.partitions(rights));
        ways.retain(|way| !way.parts.is_empty());
        ways
    }

    /// What others are answered where this one asks too: beyond what their common access shows, for that all of them see.
    fn answers(&self, signer: Signer<'p>, access: &'p Access) -> Vec<Way<'p>> {
        let reads = |serve: &&Serve| access.grants.iter().any(|grant| serve.expose.contains(&grant.dataset));
        let mut serves = self.plan.athena().map(|(serve, _)| serve).filter(reads);
        // Each workgroup has the same readers: the first is told for all.
        let Some(serve) = serves.next() else { return vec![] };
        let others = signers(access).into_iter().filter(|other| *other != signer);
        let beyond = |other: Signer<'p>| {
            let rights = self.of.get(&other)?;
            let elsewhere = rights.accesses.iter().filter(|known| known.name != access.name);
            let grants = elsewhere.flat_map(|known| &known.grants).map(Part::of);
            Some(Way {
                by: By::Answers(serve, access, other),
                parts: grants.filter(|part| !part.columns.is_empty()).collect(),
            })
        };
        others.filter_map(beyond).collect()
    }

    /// What dashboards show of each dataset: the columns that all who see them may, of the rows of each grant.
    fn dashboards(&self, signer: Signer<'p>, access: &'p Access) -> Vec<Way<'p>> {
        let mut ways = vec![];
        for (serve, quicksight) in self.plan.dashboards() {
            let is_meant = |sharer: &Sharer<'p>| match (signer, sharer) {
                (Signer::Groups(_), Sharer::Group(name)) => access.groups.iter().any(|known| known == name),
                (Signer::User(user), Sharer::User(name)) => user == *name,
                _ => false,
            };
            for sharer in quicksight.sharers().filter(is_meant) {
                let mut parts = vec![];
                for id in &serve.expose {
                    let shown = self.plan.shown(quicksight, id);
                    let columns: Vec<&str> = shown.iter().map(|column| column.name.as_str()).collect();
                    for grant in sharer.grants(&self.plan.accesses, id) {
                        let columns = columns.clone();
                        parts.push(Part {
                            columns,
                            ..Part::of(grant)
                        });
                    }
                }
                let by = By::Dashboards(serve, sharer);
                ways.push(Way { by, parts });
            }
        }
        ways
    }

    /// What the catalog tells of partitions that a warehouse is told of.
    fn partitions(&self, rights: &Rights<'p>) -> Vec<Way<'p>> {
        let listed = |dataset: &&Dataset| dataset.format != Format::Iceberg && !dataset.partition.is_empty();
        let of = |serve: &'p Serve| {
            let seen = serve.expose.iter().filter(|id| rights.parts.contains_key(id));
            let datasets = seen.filter_map(|id| self.plan.datasets.get(id)).filter(listed);
            let parts = datasets.map(|dataset| Part {
                dataset: &dataset.id,
                columns: dataset.partition.iter().map(String::as_str).collect(),
                rows: None,
            });
            Way {
                by: By::Partitions(serve),
                parts: parts.collect(),
            }
        };
        self.plan.warehouses().map(|(serve, _)| of(serve)).collect()
    }

    /// The first part of a way that is wider than what its signer is allowed, and the columns that are.
    fn wider<'w>(&self, signer: Signer<'p>, way: &'w Way<'p>) -> Option<(&'w Part<'p>, Vec<&'p str>)> {
        let rights = self.of.get(&signer)?;
        way.parts.iter().filter(|part| !rights.hold(part)).find_map(|part| {
            // That a value is there tells nothing of rows to who sees the column of some of them.
            let listed = matches!(way.by, By::Partitions(_));
            let held = |column: &&str| {
                let mut known = rights.parts.get(part.dataset).into_iter().flatten();
                known.any(|own| own.columns.contains(column) && (listed || own.rows.is_none() || own.rows == part.rows))
            };
            let columns: Vec<&str> = part.columns.iter().copied().filter(|column| !held(column)).collect();
            (!columns.is_empty()).then_some((part, columns))
        })
    }
}

/// Whether there is a way by which somebody sees more than an access says.
pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    let allowed = Allowed::new(plan);
    for signer in allowed.signers() {
        for way in allowed.ways(signer) {
            if let Some((part, columns)) = allowed.wider(signer, &way)
                && let Some(diagnostic) = too_wide(plan, signer, &way, (part, &columns), places)
            {
                diagnostics.push(diagnostic);
            }
        }
    }
}

fn too_wide(
    plan: &Plan,
    signer: Signer<'_>,
    way: &Way<'_>,
    (part, columns): (&Part<'_>, &[&str]),
    places: &Places,
) -> Option<Diagnostic> {
    let id = part.dataset;
    let names = columns.join("`, `");
    match way.by {
        By::Answers(serve, access, other) => {
            let rows = part.rows.map_or_else(String::new, |rows| format!(" where {rows}"));
            let span = places.get(&format!("access.{}.principals", access.name))?;
            let message = format!(
                "{signer} may read what {other} is answered, and so `{names}` of `{id}`{rows}, which no `access` shows it"
            );
            let diagnostic = Diagnostic::new(Code::WIDER, span, message)
                .found(format!("each of these may read all that `{}` answers them", serve.name))
                .help(format!(
                    "name {other} in one `access` alone, with all that it may read, or allow the same in `{}`",
                    access.name
                ));
            let elsewhere = plan.accesses.iter().find(|known| {
                let shows = || known.grants.iter().any(|grant| Part::of(grant) == *part);
                known.name != access.name && signers(known).contains(&other) && shows()
            });
            let label = elsewhere.and_then(|known| places.get(&format!("access.{}.principals", known.name)));
            Some(match label {
                Some(span) => diagnostic.label(span, "another `access` of the same principal"),
                None => diagnostic,
            })
        }
        By::Partitions(serve) => {
            let access = plan.accesses.iter().find(|access| signers(access).contains(&signer))?;
            let span = places.get(&format!("access.{}", access.name))?;
            let message = format!("{signer} may list the values of `{names}` in `{id}`, which no `access` shows it");
            let diagnostic = Diagnostic::new(Code::WIDER, span, message)
                .found(format!("the catalog lists the partitions of `{id}` to all who read it"))
                .help(format!(
                    "allow `{names}` too, partition `{id}` by other columns, or leave it out of `{}`",
                    serve.name
                ));
            Some(match places.get(&format!("serve.{}.expose", serve.name)) {
                Some(span) => diagnostic.label(span, "it is told of partitions by the catalog"),
                None => diagnostic,
            })
        }
        By::Grants | By::Warehouse(_) | By::Dashboards(..) => None,
    }
}
