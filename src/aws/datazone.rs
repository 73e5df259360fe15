//! A domain of Amazon DataZone that people find datasets in: a project with what the platform has, a glossary of its classes,
//! and a source of data a zone. Knows nothing of rights to rows: a catalog shows what there is, `access` says who reads it.
//!
//! So the role that reads Glue's catalog for it may describe, and grant nothing: a subscription is a question to the owner.
//! Terraform's provider knows no sources of data: CloudFormation makes them.
//! Facts: <https://docs.aws.amazon.com/datazone/latest/userguide/create-domain.html>,
//! <https://docs.aws.amazon.com/datazone/latest/userguide/bring-resources-to-datazone.html>,
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-datazone-datasource.html>.

use super::lake_formation::permission;
use super::monitoring::topic;
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, document, kept_by_aws, key_use};
use super::root;
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::emit::openmetadata::described;
use crate::plan::{Class, Monitor, Plan, Zone};
use crate::{object_of, text_of};

/// The label of the domain, and the start of those of all that is in it: no name of an author's has a hyphen in it.
const LABEL: &str = "catalog";
const DOMAIN: &str = "aws_datazone_domain.catalog.id";
const PROJECT: &str = "aws_datazone_project.catalog.id";
const SOURCES: &str = "catalog-sources";
/// Roles: that of the domain itself, that which reads Glue's catalog, and that which makes the project's environment.
const EXECUTION: &str = "catalog-domain";
const READING: &str = "catalog-reading";
const PROVISIONING: &str = "catalog-provisioning";
/// What people of a project compute for themselves, in the bucket of artifacts.
pub const FOLDER: &str = "catalog/";
/// The longest short description of a term.
const SHORT: usize = 1_024;
/// Sources are read anew every morning.
const MORNING: &str = "cron(0 5 * * ? *)";

/// Whether the platform has such a domain.
pub fn asked(plan: &Plan) -> bool {
    plan.pipeline.datazone().is_some()
}

/// The domain and what is in it.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let Some(domain) = plan.pipeline.datazone() else {
        return vec![];
    };
    let mut out = execution(plan);
    out.push(self::domain(plan, domain));
    out.push(project(plan));
    out.extend(glossary(plan));
    out.extend(environment(plan));
    out.extend(plan.zones.iter().flat_map(shown));
    out.push(sources(plan));
    out
}

/// Who may take a role: DataZone, which marks its sessions.
fn taken() -> Statement {
    allow("Service", &["sts:AssumeRole", "sts:TagSession"], [])
        .service("datazone.amazonaws.com".into())
        .when("StringEquals", "aws:SourceAccount", reference("local.account"))
}

/// A role with a policy that AWS keeps for it.
fn role(plan: &Plan, label: &str, purpose: &str, trust: Statement, policy: &str) -> [Block; 2] {
    let role = Block::resource("aws_iam_role", label)
        .set("name", named(plan, label, limit::SIXTY_FOUR))
        .set("description", purpose)
        .set("assume_role_policy", document([trust]));
    let kept = Block::resource("aws_iam_role_policy_attachment", label)
        .doc("What DataZone does by it grows with the service: AWS keeps this policy for that.")
        .set("role", reference(format!("aws_iam_role.{label}.name")))
        .set("policy_arn", kept_by_aws(policy));
    [role, kept]
}

fn execution(plan: &Plan) -> Vec<Block> {
    let purpose = "What DataZone does in its domain for who is signed in";
    let policy = "AmazonDataZoneDomainExecutionRolePolicy";
    let marked = taken().when("ForAllValues:StringLike", "aws:TagKeys", "datazone*");
    let mut out = role(plan, EXECUTION, purpose, marked, policy).to_vec();
    let statements = [key_use(
        "Metadata",
        &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        "datazone",
    )];
    out.push(
        Block::resource("aws_iam_role_policy", EXECUTION)
            .set("name", "permissions")
            .set("role", reference(format!("aws_iam_role.{EXECUTION}.id")))
            .set("policy", document(statements)),
    );
    out
}

fn domain(plan: &Plan, name: &str) -> Block {
    let doc = plan.pipeline.doc.as_deref();
    let text = doc.unwrap_or("What the platform has, for people to find.");
    let by_groups = plan.accesses.iter().any(|access| !access.groups.is_empty());
    let sign_on = Block::new("single_sign_on")
        .set("type", "IAM_IDC")
        .set("user_assignment", "AUTOMATIC");
    Block::resource("aws_datazone_domain", LABEL)
        .doc("Where people find what there is.")
        .set("name", name)
        .set("description", text)
        .set(
            "domain_execution_role",
            reference(format!("aws_iam_role.{EXECUTION}.arn")),
        )
        .set("kms_key_identifier", reference(KEY))
        .set("skip_deletion_check", plan.pipeline.destroyable)
        .blocks(by_groups.then_some(sign_on))
        .set(
            "depends_on",
            vec![
                reference(format!("aws_iam_role_policy.{EXECUTION}")),
                reference(format!("aws_iam_role_policy_attachment.{EXECUTION}")),
            ],
        )
        .when(!plan.pipeline.destroyable, super::keep)
}

fn project(plan: &Plan) -> Block {
    Block::resource("aws_datazone_project", LABEL)
        .doc("What the platform has, and who answers for it: who deploys owns it, and adds others.")
        .set("domain_identifier", reference(DOMAIN))
        .set("name", reference("local.prefix"))
        .set("description", format!("Answered for by {}.", plan.pipeline.owner))
        .set("skip_deletion_check", plan.pipeline.destroyable)
}

/// A term a class: what holds of values that bear it.
fn glossary(plan: &Plan) -> Vec<Block> {
    if plan.classes.is_empty() {
        return vec![];
    }
    let glossary = Block::resource("aws_datazone_glossary", "classes")
        .set("domain_identifier", reference(DOMAIN))
        .set("owning_project_identifier", reference(PROJECT))
        .set("name", "Classes")
        .set("description", "Classes of values, and how long each may stay.")
        .set("status", "ENABLED");
    [glossary].into_iter().chain(plan.classes.iter().map(term)).collect()
}

fn term(class: &Class) -> Block {
    let text: String = described(class).chars().take(SHORT).collect();
    let above = class.below.as_ref().map(|above| {
        let id = reference(format!("aws_datazone_glossary_term.class_{above}.id"));
        Block::new("term_relations").set("is_a", list([id]))
    });
    Block::resource("aws_datazone_glossary_term", &format!("class_{}", class.name))
        .set("domain_identifier", reference(DOMAIN))
        .set("glossary_identifier", reference("aws_datazone_glossary.classes.id"))
        .set("name", class.name.as_str())
        .set("short_description", text)
        .set("status", "ENABLED")
        .blocks(above)
}

/// What the sources of data run in: the blueprint of a lake, and one environment of it.
fn environment(plan: &Plan) -> Vec<Block> {
    let of_domain = || taken().when("ArnLike", "aws:SourceArn", reference("aws_datazone_domain.catalog.arn"));
    let mut out = vec![];
    out.extend(role(
        plan,
        READING,
        "Reads Glue's catalog for DataZone",
        of_domain(),
        "AmazonDataZoneGlueManageAccessRolePolicy",
    ));
    out.extend(role(
        plan,
        PROVISIONING,
        "Makes environments for DataZone",
        of_domain(),
        "AmazonDataZoneRedshiftGlueProvisioningPolicy",
    ));
    let blueprint = "data.aws_datazone_environment_blueprint.lake.id";
    let place = text_of![
        "s3://",
        reference("aws_s3_bucket.artifacts.bucket"),
        format!("/{FOLDER}")
    ];
    let region = || list([reference("var.region")]);
    let arn = |label: &str| reference(format!("aws_iam_role.{label}.arn"));
    let parameters = call("zipmap", [region(), list([object_of! { "S3Location" => place }])]);
    out.push(
        Block::data("aws_datazone_environment_blueprint", "lake")
            .set("domain_id", reference(DOMAIN))
            .set("name", "DefaultDataLake")
            .set("managed", true),
    );
    out.push(
        Block::resource("aws_datazone_environment_blueprint_configuration", "lake")
            .set("domain_id", reference(DOMAIN))
            .set("environment_blueprint_id", reference(blueprint))
            .set("enabled_regions", region())
            .set("manage_access_role_arn", arn(READING))
            .set("provisioning_role_arn", arn(PROVISIONING))
            .set("regional_parameters", parameters)
            .set(
                "depends_on",
                list([READING, PROVISIONING].map(|label| reference(format!("aws_iam_role_policy_attachment.{label}")))),
            ),
    );
    out.push(
        Block::resource("aws_datazone_environment_profile", "lake")
            .set("domain_identifier", reference(DOMAIN))
            .set("project_identifier", reference(PROJECT))
            .set(
                "environment_blueprint_identifier",
                reference("aws_datazone_environment_blueprint_configuration.lake.environment_blueprint_id"),
            )
            .set("name", "lake")
            .set("description", "The lake of the platform.")
            .set("aws_account_id", reference("local.account"))
            .set("aws_account_region", reference("var.region")),
    );
    out.push(
        Block::resource("aws_datazone_environment", "lake")
            .doc("What sources of data run in. Nobody is let read rows by it.")
            .set("domain_identifier", reference(DOMAIN))
            .set("project_identifier", reference(PROJECT))
            .set(
                "profile_identifier",
                reference("aws_datazone_environment_profile.lake.id"),
            )
            .set("name", "lake")
            .set("account_identifier", reference("local.account"))
            .set("account_region", reference("var.region")),
    );
    out
}

/// What the role that reads the catalog is shown of a zone: what there is, and no row of it.
fn shown(zone: &Zone) -> [Block; 2] {
    let grant = |label: &str, what: Block| {
        permission(label, &["DESCRIBE"])
            .set("principal", reference(format!("aws_iam_role.{READING}.arn")))
            .block(what)
    };
    let name = || reference(format!("aws_glue_catalog_database.{}.name", zone.name));
    let tables = Block::new("table").set("database_name", name()).set("wildcard", true);
    [
        grant(
            &format!("{LABEL}-{}", zone.name),
            Block::new("database").set("name", name()),
        ),
        grant(&format!("{LABEL}-{}-tables", zone.name), tables),
    ]
}

/// A source of data a zone: all tables of its database, published.
fn sources(plan: &Plan) -> Block {
    let each = plan.zones.iter().map(|zone| (logical(&zone.name), source(zone)));
    let template = object_of! {
        "AWSTemplateFormatVersion" => "2010-09-09",
        "Description" => "The sources of data of a domain of Amazon DataZone.",
        "Resources" => object(each),
    };
    let grants = plan.zones.iter().flat_map(|zone| {
        [
            format!("{LABEL}-{}", zone.name),
            format!("{LABEL}-{}-tables", zone.name),
        ]
        .map(|label| reference(format!("aws_lakeformation_permissions.{label}")))
    });
    Block::resource("aws_cloudformation_stack", SOURCES)
        .doc("What is found: Terraform's provider knows no sources of data.")
        .skip("CKV_AWS_124", "who deploys waits for it, and sees how it ends")
        .set("name", named(plan, SOURCES, limit::LONG))
        .set("template_body", call("jsonencode", [template]))
        .set("on_failure", "ROLLBACK")
        .set("depends_on", Value::List(grants.collect()))
}

/// Letters and digits: `ZoneRaw`.
fn logical(zone: &str) -> String {
    let words = zone.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    format!("Zone{}", words.collect::<String>())
}

fn source(zone: &Zone) -> Value {
    let all = object_of! { "Expression" => "*", "Type" => "INCLUDE" };
    let database = object_of! {
        "DatabaseName" => reference(format!("aws_glue_catalog_database.{}.name", zone.name)),
        "FilterExpressions" => list([all]),
    };
    let described = zone.doc.clone().unwrap_or_else(|| format!("Zone {}.", zone.name));
    object_of! {
        "Type" => "AWS::DataZone::DataSource",
        "Properties" => object_of! {
            "DomainIdentifier" => reference(DOMAIN),
            "ProjectIdentifier" => reference(PROJECT),
            "EnvironmentIdentifier" => reference("aws_datazone_environment.lake.id"),
            "Name" => zone.name.as_str(),
            "Description" => described,
            "Type" => "GLUE",
            "EnableSetting" => "ENABLED",
            "PublishOnImport" => true,
            "Recommendation" => object_of! { "EnableBusinessNameGeneration" => false },
            "Schedule" => object_of! { "Schedule" => MORNING, "Timezone" => "UTC" },
            "Configuration" => object_of! {
                "GlueRunConfiguration" => object_of! {
                    "RelationalFilterConfigurations" => list([database]),
                },
            },
        },
    }
}

/// A run of a source that failed: what people find is what there was.
pub fn alarms(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    if !asked(plan) {
        return vec![];
    }
    let told = "What people find in the catalog was not read anew";
    let pattern = object_of! {
        "source" => list(["aws.datazone"]),
        "detail-type" => list(["Data Source Run Failed"]),
        "detail" => object_of! { "metadata" => object_of! { "domain" => list([reference(DOMAIN)]) } },
    };
    vec![
        Block::resource("aws_cloudwatch_event_rule", SOURCES)
            .set("name", named(plan, SOURCES, limit::SIXTY_FOUR))
            .set("description", told)
            .set("event_pattern", call("jsonencode", [pattern])),
        Block::resource("aws_cloudwatch_event_target", SOURCES)
            .set("rule", reference(format!("aws_cloudwatch_event_rule.{SOURCES}.name")))
            .set("arn", topic(&monitor.name))
            .set("input", call("jsonencode", [object_of! { "alarm" => told }])),
    ]
}

/// Where people find it.
pub fn outputs(plan: &Plan) -> Option<Block> {
    let portal = || reference("aws_datazone_domain.catalog.portal_url");
    asked(plan).then(|| root::output("catalog", "Where people find what there is.", portal()))
}
