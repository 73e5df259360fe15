//! What exists once in an account and region (P-CFG-1, P-LF-2, P-DMS-1, P-QS-1): a stack of its own beside the platform's,
//! with its own state, and what the platform's stack asks of it.
//!
//! Its names have no environment: the builds of all environments of an account write the same stack. Knows how single
//! settings are made only where no bundle of the platform has them.

use super::bucket::Bucket;
use super::naming::{self, limit, named};
use super::policy::{KEY, allow, document, role, trust};
use super::stack::Stack;
use super::{api, audit, dms, keys, lake, lake_formation, root};
use crate::emit::hcl::{Block, Value, print_items, reference};
use crate::evidence::{About, Assumption, Claim};
use crate::plan::{Account, Audit, Care, Files, Once, Plan, names};
use crate::{object_of, text_of};

/// The folder of the stack in a build.
pub const FOLDER: &str = "account";
/// How long AWS Config keeps what it recorded where no `audit` says it, days: as long as it can.
const RECORDED_DAYS: u32 = 2_557;
/// The label of each of its resources that an account has once.
const ACCOUNT: &str = "account";

/// Who looks after a part; nothing where the platform does not care.
fn care(plan: &Plan, account: &Account, part: Once) -> Option<Care> {
    let said = account.said.get(&part).copied();
    said.or_else(|| needs(plan, part).then_some(Care::Managed))
}

/// Whether the platform does not work without it.
fn needs(plan: &Plan, part: Once) -> bool {
    match part {
        Once::LakeFormation => true,
        Once::Config => recorded_days(plan).is_some(),
        Once::QuickSight => plan.dashboards().next().is_some(),
        Once::DmsRoles => dms::replicated(plan).next().is_some(),
        Once::ApiGatewayLogs => api::any(plan),
        Once::GlueCatalog | Once::S3PublicAccess | Once::EmrPublicAccess => false,
    }
}

fn recorded_days(plan: &Plan) -> Option<u32> {
    plan.pipeline.audit.iter().find_map(|audit| match audit {
        Audit::Config { retain_days } => Some(*retain_days),
        Audit::Trail { .. } => None,
    })
}

/// The parts that the platform asks for, and who looks after each.
fn parts(plan: &Plan) -> impl Iterator<Item = (Once, Care)> {
    let cared = move |account| {
        Once::ALL
            .into_iter()
            .filter_map(move |part| Some((part, care(plan, account, part)?)))
    };
    plan.account.iter().flat_map(cared)
}

fn manages(plan: &Plan, part: Once) -> bool {
    parts(plan).any(|one| one == (part, Care::Managed))
}

/// What to do where a part is not as it should be, behind what is wrong with it.
pub fn instead(plan: &Plan, part: Once) -> String {
    match manages(plan, part) {
        true => format!(": apply the stack in {FOLDER}/ of this build first."),
        false => ", which another stack does, as `account` says.".to_owned(),
    }
}

/// The stack, where there is something in it.
pub fn stack(plan: &Plan) -> Option<Stack> {
    let account = plan.account.as_ref()?;
    if !parts(plan).any(|(_, care)| care == Care::Managed) {
        return None;
    }
    let mut out = Stack::default();
    let has = |part| manages(plan, part);
    out.file("versions", "What this was made for.", [root::versions(plan)]);
    out.file("providers", "Every resource carries these tags.", [provider(plan)]);
    out.file("variables", "What is decided at deployment.", variables(plan));
    out.file("locals", "Names that everything shares.", [locals(plan)]);
    out.file("data", "What is asked of the account.", data(plan));
    if has(Once::Config) || has(Once::GlueCatalog) {
        out.file("keys", "The key of what this stack keeps.", key(plan, account));
    }
    if has(Once::LakeFormation) {
        out.file(
            "lake_formation",
            "Who administers the lake.",
            lake_formation::settings(None),
        );
    }
    if has(Once::GlueCatalog) {
        out.file("catalog", "How the catalog is encrypted.", catalog(plan));
    }
    if has(Once::Config) {
        let days = recorded_days(plan).unwrap_or(RECORDED_DAYS);
        out.file("buckets", "Where AWS Config delivers to.", buckets(plan, days));
        out.file("audit", "What was changed.", audit::recorder(plan, ACCOUNT, days, None));
    }
    if has(Once::QuickSight) {
        out.file("quicksight", "The subscription of QuickSight.", quicksight(plan));
    }
    if has(Once::DmsRoles) {
        out.file("dms", "Roles that DMS looks for by their names.", dms::roles(None));
    }
    if has(Once::ApiGatewayLogs) {
        out.file("api", "Who writes the logs of APIs.", api::logger(plan, None));
    }
    out.file("public_access", "What nobody can make public.", public_access(plan));
    Some(out)
}

fn provider(plan: &Plan) -> Block {
    let tags = object_of! {
        "managed_by" => "terraform",
        "owner" => root::tag(&plan.pipeline.owner),
        "platform" => reference("local.prefix"),
        "project" => root::tag(&plan.pipeline.name),
    };
    root::provider_with(plan, tags)
}

fn variables(plan: &Plan) -> Vec<Block> {
    let admins = manages(plan, Once::LakeFormation).then(root::more_admins);
    std::iter::once(root::region_variable(plan)).chain(admins).collect()
}

fn locals(plan: &Plan) -> Block {
    Block::new("locals")
        .set("account", reference("data.aws_caller_identity.current.account_id"))
        .set("partition", reference("data.aws_partition.current.partition"))
        .set("prefix", format!("account-{}", naming::pipeline(plan)))
}

fn data(plan: &Plan) -> Vec<Block> {
    let deployer = manages(plan, Once::LakeFormation).then(root::deployer);
    let usual = ["aws_caller_identity", "aws_partition"].map(|kind| Block::data(kind, "current"));
    usual.into_iter().chain(deployer).collect()
}

/// One key for all that is kept; the catalog's role uses it by a policy of its own.
fn key(plan: &Plan, account: &Account) -> Vec<Block> {
    let mut statements = vec![keys::administration()];
    statements.extend(manages(plan, Once::Config).then(|| audit::recorder_encrypts(keys::BECAUSE)));
    let key = Block::resource("aws_kms_key", "platform")
        .doc(&format!(
            "Encrypts what the stack of the account `{}` keeps, and its catalog.",
            account.name
        ))
        .set("description", text_of!["What ", reference("local.prefix"), " keeps"]);
    let key = keys::rotated(plan, key).set("policy", document(statements));
    let alias = Block::resource("aws_kms_alias", "platform")
        .set("name", text_of!["alias/", reference("local.prefix")])
        .set("target_key_id", reference("aws_kms_key.platform.key_id"));
    vec![key.when(!plan.pipeline.destroyable, super::keep), alias]
}

/// The catalog is encrypted by a role of its own: whoever may read a table needs no right on the key.
/// <https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html>
fn catalog(plan: &Plan) -> Vec<Block> {
    let label = "glue_catalog";
    let mut out = role(
        label,
        named(plan, label, limit::SIXTY_FOUR),
        "Encrypts the catalog for those who may read it",
        trust("glue.amazonaws.com", None),
        vec![allow(
            "Encrypt",
            &["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
            [reference(KEY)],
        )],
    )
    .to_vec();
    let at_rest = Block::new("encryption_at_rest")
        .set("catalog_encryption_mode", "SSE-KMS-WITH-SERVICE-ROLE")
        .set(
            "catalog_encryption_service_role",
            reference(format!("aws_iam_role.{label}.arn")),
        )
        .set("sse_aws_kms_key_id", reference(KEY));
    let passwords = Block::new("connection_password_encryption")
        .set("aws_kms_key_id", reference(KEY))
        .set("return_connection_password_encrypted", true);
    out.push(
        Block::resource("aws_glue_data_catalog_encryption_settings", ACCOUNT)
            .doc("What is made from then on is encrypted; what was encrypted needs the key as long as it is there.")
            .skip(
                "CKV_AWS_94",
                "it knows `SSE-KMS` alone, and this is that with a role: nobody else needs a right on the key",
            )
            .set("depends_on", vec![reference(format!("aws_iam_role_policy.{label}"))])
            .block(
                Block::new("data_catalog_encryption_settings")
                    .block(passwords)
                    .block(at_rest),
            ),
    );
    out
}

fn buckets(plan: &Plan, days: u32) -> Vec<Block> {
    let name = |part: &str| {
        let part = format!("-{part}-");
        text_of![
            reference("local.prefix"),
            part,
            reference("local.account"),
            "-",
            reference("var.region")
        ]
    };
    let all = [
        Bucket {
            name: name("config"),
            ..audit::recorded(plan, days)
        },
        Bucket {
            name: name("access"),
            ..lake::access_logs(plan)
        },
    ];
    all.iter().flat_map(Bucket::blocks).collect()
}

/// An account of QuickSight has a name that no other one of AWS has. Groups, row rules and keys need the enterprise edition.
fn quicksight(plan: &Plan) -> Vec<Block> {
    let subscription = Block::resource("aws_quicksight_account_subscription", ACCOUNT)
        .doc("The readers of dashboards are paid for by it; it is signed up once, in the region of its users (P-QS-1).")
        .set(
            "account_name",
            text_of![reference("local.prefix"), "-", reference("local.account")],
        )
        .set("authentication_method", "IAM_AND_QUICKSIGHT")
        .set("edition", "ENTERPRISE")
        .set("notification_email", plan.pipeline.owner.as_str())
        .when(!plan.pipeline.destroyable, super::keep);
    let settings = Block::resource("aws_quicksight_account_settings", ACCOUNT)
        .doc("Its end is the end of every dashboard of the account.")
        .set("termination_protection_enabled", !plan.pipeline.destroyable)
        .set(
            "depends_on",
            vec![reference(format!("aws_quicksight_account_subscription.{ACCOUNT}"))],
        );
    vec![subscription, settings]
}

const S3_BLOCKS: [&str; 4] = [
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
];

fn public_access(plan: &Plan) -> Vec<Block> {
    let s3 = manages(plan, Once::S3PublicAccess).then(|| {
        let block = Block::resource("aws_s3_account_public_access_block", ACCOUNT)
            .doc("No bucket of the account, whoever makes it, in any region.");
        S3_BLOCKS.iter().fold(block, |block, name| block.set(name, true))
    });
    let emr = manages(plan, Once::EmrPublicAccess).then(|| {
        Block::resource("aws_emr_block_public_access_configuration", ACCOUNT)
            .doc("No port of a cluster's is open to everyone, SSH's neither.")
            .set("block_public_security_group_rules", true)
    });
    s3.into_iter().chain(emr).collect()
}

/// What the platform's stack asks of the account, beside what each bundle asks for itself: a plan fails where it is not so.
pub fn relied(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    let mut conditions = vec![];
    let asks = |part| parts(plan).any(|(one, _)| one == part);
    let mut ask = |part: Once, data: Block, condition: String, wrong: &str| {
        out.push(data);
        let message = format!("{wrong}{}", instead(plan, part));
        conditions.push(
            Block::new("precondition")
                .set("condition", reference(condition))
                .set("error_message", message),
        );
    };
    if asks(Once::GlueCatalog) {
        let kind = "aws_glue_data_catalog_encryption_settings";
        let at_rest = format!("data.{kind}.{ACCOUNT}.data_catalog_encryption_settings[0].encryption_at_rest[0]");
        ask(
            Once::GlueCatalog,
            Block::data(kind, ACCOUNT).set("catalog_id", reference("local.account")),
            format!("{at_rest}.catalog_encryption_mode != \"DISABLED\""),
            "The Glue catalog is not encrypted. Turn that on where its encryption is managed",
        );
    }
    if asks(Once::S3PublicAccess) {
        let kind = "aws_s3_account_public_access_block";
        let all: Vec<_> = S3_BLOCKS
            .iter()
            .map(|name| format!("data.{kind}.{ACCOUNT}.{name}"))
            .collect();
        ask(
            Once::S3PublicAccess,
            Block::data(kind, ACCOUNT),
            all.join(" && "),
            "Buckets of the account can be made public. Block that where public access is managed",
        );
    }
    if !conditions.is_empty() {
        out.push(
            Block::resource("terraform_data", "account_is_ready")
                .doc("What another stack looks after is as this platform needs it.")
                .block(Block::new("lifecycle").blocks(conditions)),
        );
    }
    out
}

/// What the stack claims of the account.
pub fn claims(plan: &Plan) -> Vec<Claim> {
    let claim = |(part, _): (Once, Care)| Claim {
        id: format!("account.{}", part.setting()),
        says: format!("this stack looks after {}", part.words()),
        about: About::Account {
            part: part.setting().to_owned(),
        },
        rests_on: resources(part).iter().map(|address| (*address).to_owned()).collect(),
    };
    parts(plan)
        .filter(|(_, care)| *care == Care::Managed)
        .map(claim)
        .collect()
}

/// The resources that are a part.
fn resources(part: Once) -> &'static [&'static str] {
    match part {
        Once::LakeFormation => &["aws_lakeformation_data_lake_settings.account"],
        Once::GlueCatalog => &["aws_glue_data_catalog_encryption_settings.account"],
        Once::Config => &[
            "aws_config_configuration_recorder.account",
            "aws_config_configuration_recorder_status.account",
            "aws_config_delivery_channel.account",
            "aws_config_retention_configuration.account",
        ],
        Once::QuickSight => &[
            "aws_quicksight_account_settings.account",
            "aws_quicksight_account_subscription.account",
        ],
        Once::DmsRoles => &[
            "aws_iam_role.dms_cloudwatch_logs_role",
            "aws_iam_role.dms_vpc_role",
            "aws_iam_role_policy_attachment.dms_cloudwatch_logs_role",
            "aws_iam_role_policy_attachment.dms_vpc_role",
        ],
        Once::ApiGatewayLogs => &["aws_api_gateway_account.account"],
        Once::S3PublicAccess => &["aws_s3_account_public_access_block.account"],
        Once::EmrPublicAccess => &["aws_emr_block_public_access_configuration.account"],
    }
}

/// What the platform's claims take for granted of it: those of grants mean something by Lake Formation's settings alone.
pub fn assumptions(plan: &Plan, claims: &[Claim]) -> Vec<Assumption> {
    let assumed = |(part, care): (Once, Care)| Assumption {
        says: match care {
            Care::Managed => format!("the stack in `{FOLDER}/` is applied, and looks after {}", part.words()),
            Care::Existing => format!("another stack looks after {}", part.words()),
        },
        needed_by: match part {
            Once::LakeFormation => claims
                .iter()
                .filter(|claim| rests_on_grants(claim))
                .map(|one| one.id.clone())
                .collect(),
            _ => vec![],
        },
        alarms: vec![],
    };
    parts(plan).map(assumed).collect()
}

fn rests_on_grants(claim: &Claim) -> bool {
    matches!(claim.about, About::Reading { .. } | About::Way { .. })
}

/// The files of the stack.
pub fn files(plan: &Plan, stack: &Stack) -> Files {
    let mut out = stack.print(FOLDER);
    let key = format!("{}/account.tfstate", names::hyphened(&plan.pipeline.name));
    out.insert(format!("{FOLDER}/backend.tf.example"), root::backend_at(plan, &key));
    let inputs = Block::new("")
        .note("Copy to terraform.tfvars; what is left out has the default that is shown here.")
        .set("region", plan.pipeline.region.as_str())
        .when(manages(plan, Once::LakeFormation), |block| {
            block
                .note("Whoever deploys the platform has to be one, where that is not who applies this.")
                .set("lake_formation_admins", Value::List(vec![]))
        });
    out.insert(format!("{FOLDER}/terraform.tfvars.example"), print_items(&inputs.items));
    out
}

/// What the README says of it.
pub fn readme(plan: &Plan) -> String {
    if plan.account.is_none() {
        return String::new();
    }
    let lines = |wanted: Care| -> String {
        let all = parts(plan).filter(|(_, care)| *care == wanted);
        all.map(|(part, _)| format!("- {}\n", part.words())).collect()
    };
    let (managed, existing) = (lines(Care::Managed), lines(Care::Existing));
    let mut out =
        "## The account\n\nSome things exist once in an account and region, whatever is deployed there.\n".to_owned();
    if !managed.is_empty() {
        out += &format!(
            "\nThe stack in `{FOLDER}/` looks after these, with a state of its own. It comes before the platform, once for all \
             environments of an account, and is for an administrator of the account: pipelines that deliver the platform do not \
             apply it.\n\n{managed}\n```sh\ncd {FOLDER}\ncp terraform.tfvars.example terraform.tfvars   # and edit it\n\
             cp backend.tf.example backend.tf               # and name the bucket of your states\nterraform init\n\
             terraform plan -out=plan.bin\nterraform show -json plan.bin | pipec verify --account - ..   # is it what was built?\n\
             terraform apply plan.bin\n```\n"
        );
    }
    if manages(plan, Once::LakeFormation) {
        out += "\nColumn grants mean something only if the defaults of Lake Formation for new databases and tables are empty, and \
                only an administrator can grant: the stack empties the defaults, and adds who applies it and \
                `lake_formation_admins` to the administrators. Before it is destroyed, \
                `terraform state rm aws_lakeformation_data_lake_settings.account` leaves the settings as they are; otherwise the \
                account's list of administrators is emptied.\n";
    }
    if manages(plan, Once::GlueCatalog) {
        out += "\nWhat was encrypted in the Glue catalog is read with the key of that stack even after its encryption was turned \
                off: the key has to stay as long as any table that was made with it.\n";
    }
    if !existing.is_empty() {
        out += &format!("\nAnother stack looks after these, and has to be there first:\n\n{existing}");
    }
    let unasked = parts(plan).filter(|(part, _)| {
        matches!(
            part,
            Once::Config | Once::QuickSight | Once::ApiGatewayLogs | Once::EmrPublicAccess
        )
    });
    let unasked: String = unasked.map(|(part, _)| format!("- {}\n", part.words())).collect();
    if !unasked.is_empty() {
        out += &format!(
            "\nA plan of the platform fails where one of them is not as it should be. Of these Terraform cannot ask; where one \
             that the platform needs is missing, AWS says so at the apply:\n\n{unasked}"
        );
    }
    out
}
