//! Those who read: roles, users and groups, under one name each, and how each of them gets the policy of readers. Knows
//! nothing of what may be read.
//!
//! Lake Formation grants to what signs a request. Groups of IAM Identity Center do not sign: their members take the role
//! that a permission set makes in this account, so the permission set is what a group is assigned, and its role is what
//! gets the grants.

use super::naming::{self, limit, named};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::{Access, Plan};
use crate::text_of;

/// The instance of IAM Identity Center, of which a region has one at most.
const INSTANCE: &str = "data.aws_ssoadmin_instances.identity_center";

/// The principals of an access by a name each, for `for_each`, as locals: the ARN of a role is its own name.
pub fn locals(access: &Access) -> Vec<(String, Value)> {
    let name = format!("readers_{}", access.name);
    let roles = object(access.roles.iter().map(|arn| (arn.clone(), Value::from(arn))));
    if access.users.is_empty() && access.groups.is_empty() {
        return vec![(name, roles)];
    }
    let of_roles = format!("roles_{}", access.name);
    let mut parts = vec![reference(format!("local.{of_roles}"))];
    if !access.users.is_empty() {
        let users = format!("data.aws_iam_user.{}", access.name);
        parts.push(reference(format!(
            "{{ for name, user in {users} : \"user/${{name}}\" => user.arn }}"
        )));
    }
    if !access.groups.is_empty() {
        let role = format!("sort(data.aws_iam_roles.{}_groups.arns)[0]", access.name);
        parts.push(reference(format!("{{ groups = {role} }}")));
    }
    vec![(of_roles, roles), (name, call("merge", parts))]
}

/// Where IAM Identity Center is, if any group reads.
pub fn variables(plan: &Plan) -> Vec<Block> {
    if plan.accesses.iter().all(|access| access.groups.is_empty()) {
        return vec![];
    }
    let described = "Region of the organization's IAM Identity Center, which knows the groups. Who deploys administers it, or is the account that its administration is delegated to.";
    vec![
        super::root::variable("identity_center_region", described, "string")
            .set("default", plan.pipeline.region.as_str()),
    ]
}

/// The instance of IAM Identity Center, if any group reads.
pub fn instance(plan: &Plan) -> Option<Block> {
    let needed = plan.accesses.iter().any(|access| !access.groups.is_empty());
    needed.then(|| {
        Block::data("aws_ssoadmin_instances", "identity_center").set("region", reference("var.identity_center_region"))
    })
}

/// How those whom an access names get the policy of its readers, which has this label: without it a grant is of no use
/// (P-LF-5).
pub fn attachments(plan: &Plan, access: &Access, policy: &str) -> Vec<Block> {
    let mut out = vec![];
    if !access.roles.is_empty() {
        out.push(of_roles(access, policy));
    }
    if !access.users.is_empty() {
        out.extend(of_users(plan, access, policy));
    }
    if !access.groups.is_empty() {
        out.extend(of_groups(plan, access, policy));
    }
    out
}

fn of_roles(access: &Access, policy: &str) -> Block {
    let all = format!("local.readers_{}", access.name);
    let own = format!("toset([for key in keys({all}) : key if try(split(\":\", key)[4], \"\") == local.account])");
    Block::resource("aws_iam_role_policy_attachment", policy)
        .doc("Roles of other accounts attach a policy of their own account's.")
        .set("for_each", reference(own))
        .set("role", reference("reverse(split(\"/\", each.value))[0]"))
        .set("policy_arn", reference(format!("aws_iam_policy.{policy}.arn")))
}

/// Users get what a group of theirs has: a policy on each would be easy to forget.
fn of_users(plan: &Plan, access: &Access, policy: &str) -> [Block; 4] {
    let label = &access.name;
    let users = || call("toset", [list(&access.users)]);
    let group = reference(format!("aws_iam_group.{label}.name"));
    [
        Block::data("aws_iam_user", label)
            .set("for_each", users())
            .set("user_name", reference("each.value")),
        Block::resource("aws_iam_group", label)
            .doc(&format!("The users that {label} names."))
            .skip("CKV2_AWS_14", "its users are made elsewhere, and join it below")
            .set("name", named(plan, &format!("{label}_readers"), limit::LONG)),
        Block::resource("aws_iam_group_policy_attachment", label)
            .set("group", group.clone())
            .set("policy_arn", reference(format!("aws_iam_policy.{policy}.arn"))),
        Block::resource("aws_iam_user_group_membership", label)
            .set("for_each", reference(format!("data.aws_iam_user.{label}")))
            .set("user", reference("each.value.user_name"))
            .set("groups", vec![group]),
    ]
}

fn of_groups(plan: &Plan, access: &Access, policy: &str) -> [Block; 5] {
    let label = &access.name;
    let region = || reference("var.identity_center_region");
    let instance = || reference(format!("{INSTANCE}.arns[0]"));
    let set = |attribute: &str| reference(format!("aws_ssoadmin_permission_set.{label}.{attribute}"));
    let by_name = Block::new("unique_attribute")
        .set("attribute_path", "DisplayName")
        .set("attribute_value", reference("each.value"));
    let groups = Block::data("aws_identitystore_group", label)
        .set("for_each", call("toset", [list(&access.groups)]))
        .set("region", region())
        .set(
            "identity_store_id",
            reference(format!("{INSTANCE}.identity_store_ids[0]")),
        )
        .block(Block::new("alternate_identifier").block(by_name));
    let permission_set = Block::resource("aws_ssoadmin_permission_set", label)
        .doc(&format!("What members of the groups that {label} names sign in with."))
        .set("region", region())
        .set("name", naming::permission_set(plan, label))
        .set("description", format!("Reads what {label} may"))
        .set("instance_arn", instance())
        .set("session_duration", "PT8H");
    let attached = Block::resource("aws_ssoadmin_customer_managed_policy_attachment", label)
        .set("region", region())
        .set("instance_arn", instance())
        .set("permission_set_arn", set("arn"))
        .block(
            Block::new("customer_managed_policy_reference")
                .set("name", reference(format!("aws_iam_policy.{policy}.name")))
                .set("path", "/"),
        );
    let assigned = Block::resource("aws_ssoadmin_account_assignment", label)
        .set("for_each", reference(format!("data.aws_identitystore_group.{label}")))
        .set("region", region())
        .set("instance_arn", instance())
        .set("permission_set_arn", set("arn"))
        .set("principal_id", reference("each.value.group_id"))
        .set("principal_type", "GROUP")
        .set("target_id", reference("local.account"))
        .set("target_type", "AWS_ACCOUNT")
        .set(
            "depends_on",
            vec![reference(format!(
                "aws_ssoadmin_customer_managed_policy_attachment.{label}"
            ))],
        );
    let role = Block::data("aws_iam_roles", &format!("{label}_groups"))
        .doc("The role that the assignment made in this account.")
        .set(
            "name_regex",
            text_of!["^AWSReservedSSO_", set("name"), "_[0-9a-f]{16}$"],
        )
        .set("path_prefix", "/aws-reserved/sso.amazonaws.com/")
        .set(
            "depends_on",
            vec![reference(format!("aws_ssoadmin_account_assignment.{label}"))],
        );
    [groups, permission_set, attached, assigned, role]
}
