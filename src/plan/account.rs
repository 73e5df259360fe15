//! What exists once in an account and region, and who looks after it.

use std::collections::BTreeMap;

/// `account NAME { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// The number of the account; without it, whichever is deployed to.
    pub id: Option<String>,
    /// What is said of each part; of the others the platform has managed what it needs.
    pub said: BTreeMap<Once, Care>,
}

/// Who looks after a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// The account's stack of this build.
    Managed,
    /// Another stack.
    Existing,
}

/// A part of what exists once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Once {
    /// The settings of Lake Formation.
    LakeFormation,
    /// The encryption of the Glue catalog.
    GlueCatalog,
    /// The recorder and the delivery channel of AWS Config.
    Config,
    /// The subscription of QuickSight.
    QuickSight,
    /// The roles of DMS.
    DmsRoles,
    /// The role that API Gateway writes logs with.
    ApiGatewayLogs,
    /// That no bucket can be made public.
    S3PublicAccess,
    /// That no EMR cluster can be made public.
    EmrPublicAccess,
}

impl Once {
    /// All of them.
    pub const ALL: [Once; 8] = [
        Once::LakeFormation,
        Once::GlueCatalog,
        Once::Config,
        Once::QuickSight,
        Once::DmsRoles,
        Once::ApiGatewayLogs,
        Once::S3PublicAccess,
        Once::EmrPublicAccess,
    ];

    /// Its setting.
    pub fn setting(self) -> &'static str {
        match self {
            Once::LakeFormation => "lake_formation",
            Once::GlueCatalog => "glue_catalog",
            Once::Config => "config",
            Once::QuickSight => "quicksight",
            Once::DmsRoles => "dms_roles",
            Once::ApiGatewayLogs => "api_gateway_logs",
            Once::S3PublicAccess => "s3_public_access",
            Once::EmrPublicAccess => "emr_public_access",
        }
    }

    /// It, as a sentence has it.
    pub fn words(self) -> &'static str {
        match self {
            Once::LakeFormation => "the data lake settings of Lake Formation",
            Once::GlueCatalog => "the encryption of the Glue catalog",
            Once::Config => "the recorder and the delivery channel of AWS Config",
            Once::QuickSight => "the subscription of QuickSight",
            Once::DmsRoles => "the roles `dms-vpc-role` and `dms-cloudwatch-logs-role`",
            Once::ApiGatewayLogs => "the role that API Gateway writes logs with",
            Once::S3PublicAccess => "that no bucket of the account can be made public",
            Once::EmrPublicAccess => "that no EMR cluster of the account can be made public",
        }
    }
}
