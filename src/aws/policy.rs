//! IAM policies as values. Knows the grammar of policies, not who needs which action.

use crate::emit::hcl::{Block, Part, Value, call, commented, list, object, reference};
use crate::{object_of, text_of};

/// Characters that what a policy refers to gets at most: the ARN of a resource with a long name.
const REFERENCE: usize = 160;

/// A statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    sid: String,
    allow: bool,
    actions: Vec<String>,
    resources: Vec<Value>,
    because: Option<String>,
    principal: Option<Value>,
    conditions: Vec<(String, String, Value)>,
}

fn statement(sid: &str, allow: bool, actions: &[&str], resources: impl IntoIterator<Item = Value>) -> Statement {
    Statement {
        sid: sid.into(),
        allow,
        actions: actions.iter().map(|action| action.to_string()).collect(),
        resources: resources.into_iter().collect(),
        because: None,
        principal: None,
        conditions: vec![],
    }
}

/// What may be done, to what.
pub fn allow(sid: &str, actions: &[&str], resources: impl IntoIterator<Item = Value>) -> Statement {
    statement(sid, true, actions, resources)
}

/// What may be done by an action that AWS cannot limit to a resource; the comment says so in the policy.
pub fn allow_everywhere(sid: &str, actions: &[&str], because: &str) -> Statement {
    let mut out = statement(sid, true, actions, ["*".into()]);
    out.because = Some(because.into());
    out
}

/// What nobody may do.
pub fn deny(sid: &str, actions: &[&str], resources: impl IntoIterator<Item = Value>) -> Statement {
    let mut out = statement(sid, false, actions, resources);
    out.principal = Some("*".into());
    out
}

/// Who may take a role: a service, on behalf of this account; where the service says for which resource it takes a
/// role, on behalf of those whose ARN is like `source`. One that does not say so could not take the role at all.
pub fn trust(service: &str, source: Option<Value>) -> Statement {
    let out = statement("Service", true, &["sts:AssumeRole"], [])
        .service(service.into())
        .when("StringEquals", "aws:SourceAccount", reference("local.account"));
    match source {
        Some(arn) => out.when("ArnLike", "aws:SourceArn", arn),
        None => out,
    }
}

impl Statement {
    /// A condition.
    pub fn when(mut self, operator: &str, key: &str, value: impl Into<Value>) -> Statement {
        self.conditions.push((operator.into(), key.into(), value.into()));
        self
    }

    /// The service that it is about.
    pub fn service(mut self, service: Value) -> Statement {
        self.principal = Some(object_of! { "Service" => service });
        self
    }

    /// Whoever it is, as far as the conditions say.
    pub fn everyone(mut self) -> Statement {
        self.principal = Some("*".into());
        self
    }

    /// The account's own identities, as far as their policies allow it.
    pub fn account(mut self) -> Statement {
        self.principal = Some(object_of! { "AWS" => arn("iam", "", "root") });
        self
    }

    /// Identities of these accounts, as far as their own policies allow it.
    pub fn accounts(mut self, roots: Value) -> Statement {
        self.principal = Some(object_of! { "AWS" => roots });
        self
    }

    /// Why its resource is `*`.
    pub fn because(mut self, reason: &str) -> Statement {
        self.because = Some(reason.into());
        self
    }

    /// The same in two parts: everything of the account in the place of what this platform has there, and what is others'.
    pub fn of_account(mut self, because: &str) -> Vec<Statement> {
        let (own, others): (Vec<_>, Vec<_>) = self.resources.iter().cloned().partition(is_own);
        if own.is_empty() {
            return vec![self];
        }
        self.resources = others;
        let mut whole = Statement {
            sid: format!("{}OfAccount", self.sid),
            resources: vec!["*".into()],
            ..self.clone()
        };
        whole = whole.when("StringEquals", "aws:ResourceAccount", reference("local.account"));
        let others = Some(self).filter(|others| !others.resources.is_empty());
        [whole.because(because)].into_iter().chain(others).collect()
    }

    /// Whether it says of the same resources as another what may be done, under the same conditions.
    fn is_about(&self, other: &Statement) -> bool {
        (self.allow, &self.resources, &self.conditions) == (other.allow, &other.resources, &other.conditions)
    }

    /// Its actions.
    pub fn actions(&self) -> &[String] {
        &self.actions
    }

    fn value(&self) -> Value {
        let mut entries = vec![
            ("Sid".to_string(), Value::from(&self.sid)),
            ("Effect".into(), if self.allow { "Allow" } else { "Deny" }.into()),
        ];
        if let Some(principal) = &self.principal {
            entries.push(("Principal".into(), principal.clone()));
        }
        entries.push(("Action".into(), list(&self.actions)));
        if !self.resources.is_empty() {
            entries.push(("Resource".into(), list(self.resources.clone())));
        }
        let mut operators: Vec<(String, Vec<(String, Value)>)> = vec![];
        for (operator, key, value) in &self.conditions {
            let entry = (key.clone(), value.clone());
            match operators.iter_mut().find(|(name, _)| name == operator) {
                Some((_, keys)) => keys.push(entry),
                None => operators.push((operator.clone(), vec![entry])),
            }
        }
        if !operators.is_empty() {
            let conditions = operators.into_iter().map(|(name, keys)| (name, object(keys)));
            entries.push(("Condition".into(), object(conditions)));
        }
        match &self.because {
            Some(reason) => commented(reason, object(entries)),
            None => object(entries),
        }
    }
}

/// Whether an ARN is of this account: a resource of the platform, or a text that names the account.
fn is_own(arn: &Value) -> bool {
    let own = |name: &str| name.ends_with(".arn") || name == "local.account";
    match arn {
        Value::Reference(name) => own(name),
        Value::Text(parts) => parts
            .iter()
            .any(|part| matches!(part, Part::Expression(Value::Reference(name)) if own(name))),
        _ => false,
    }
}

/// The characters that a policy gets at most.
pub fn longest(statements: &[Statement]) -> usize {
    statements.iter().map(|statement| length(&statement.value())).sum()
}

fn length(value: &Value) -> usize {
    let all = |values: &[Value]| values.iter().map(|value| length(value) + 1).sum::<usize>() + 2;
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(digits) => digits.len(),
        Value::Text(parts) => {
            let part = |part: &Part| match part {
                Part::Literal(text) => text.len(),
                Part::Expression(value) => length(value),
            };
            parts.iter().map(part).sum::<usize>() + 2
        }
        Value::Reference(_) => REFERENCE,
        Value::List(values) | Value::Call(_, values) => all(values),
        Value::Object(entries) => {
            entries
                .iter()
                .map(|(key, value)| key.len() + 4 + length(value))
                .sum::<usize>()
                + 2
        }
        Value::Commented(_, inner) => length(inner),
    }
}

/// `jsonencode({ … })` of a policy.
pub fn document(statements: impl IntoIterator<Item = Statement>) -> Value {
    let statements: Vec<Value> = statements.into_iter().map(|statement| statement.value()).collect();
    let policy = object_of! { "Version" => "2012-10-17", "Statement" => Value::List(statements) };
    call("jsonencode", [policy])
}

/// The same statements, each action but once: another statement may let do it to the same, under the same conditions.
fn without_repeats(statements: Vec<Statement>) -> Vec<Statement> {
    let mut out: Vec<Statement> = Vec::with_capacity(statements.len());
    for mut statement in statements {
        let same: Vec<_> = out.iter().filter(|before| before.is_about(&statement)).collect();
        let actions = std::mem::take(&mut statement.actions).into_iter();
        let others = actions.filter(|action| !same.iter().any(|before| before.actions.contains(action)));
        statement.actions = others.collect();
        if !statement.actions.is_empty() {
            out.push(statement);
        }
    }
    out
}

/// A role with one inline policy. The second block's address is what users of the role wait for.
pub fn role(label: &str, name: Value, purpose: &str, trust: Statement, statements: Vec<Statement>) -> [Block; 2] {
    let role = Block::resource("aws_iam_role", label)
        .set("name", name)
        .set("description", purpose)
        .set("assume_role_policy", document([trust]));
    let policy = Block::resource("aws_iam_role_policy", label)
        .set("name", "permissions")
        .set("role", reference(format!("aws_iam_role.{label}.id")))
        .set("policy", document(without_repeats(statements)));
    [role, policy]
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`; services without regions pass `""` as region.
pub fn arn(service: &str, region: &str, rest: impl Into<Value>) -> Value {
    let region = if region.is_empty() {
        "".into()
    } else {
        reference(region)
    };
    text_of![
        "arn:",
        reference("local.partition"),
        format!(":{service}:"),
        region,
        ":",
        reference("local.account"),
        ":",
        rest.into()
    ]
}

/// The ARN of a policy that AWS keeps for roles of its services, by name.
pub fn kept_by_aws(policy: &str) -> Value {
    text_of![
        "arn:",
        reference("local.partition"),
        format!(":iam::aws:policy/service-role/{policy}")
    ]
}

/// An ARN in the platform's own region and account.
pub fn own(service: &str, rest: impl Into<Value>) -> Value {
    arn(service, "var.region", rest)
}

/// Use of the platform's key, through one service only.
pub fn key_use(sid: &str, actions: &[&str], service: &str) -> Statement {
    allow(sid, actions, [reference(KEY)]).when(
        "StringEquals",
        "kms:ViaService",
        text_of![format!("{service}."), reference("var.region"), ".amazonaws.com"],
    )
}

/// The platform's key.
pub const KEY: &str = "aws_kms_key.platform.arn";
