//! Amazon SNS: each row is a message. Its protocol is forms in and XML out.

use super::request::Http;
use super::{Answer, Row};

/// A topic.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
}

impl Topic {
    /// Publishes messages.
    pub async fn send(&self, http: &Http, rows: &[Row<'_>]) -> Answer {
        let mut form = format!("Action=PublishBatch&Version=2010-03-31&TopicArn={}", escaped(&self.arn));
        for (place, row) in rows.iter().enumerate() {
            let entry = format!("&PublishBatchRequestEntries.member.{}", place + 1);
            form.push_str(&format!("{entry}.Id={place}{entry}.Message={}", escaped(row.text)));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        match http.post("sns", &http.url("sns"), &headers, form).await {
            Ok(answer) => refused(&answer.text),
            Err(answer) => answer,
        }
    }
}

/// A value of a form.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The places of the messages that failed: their names are numbers of ours, so that nothing in them is escaped.
fn refused(xml: &str) -> Answer {
    let part = |text: &str, tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split(&format!("</{tag}>")).next().unwrap_or(rest).to_owned())
    };
    let failed = part(xml, "Failed").unwrap_or_default();
    let ids = failed.split("<Id>").skip(1);
    let ids = ids.filter_map(|rest| rest.split('<').next()?.trim().parse().ok());
    Answer::But(ids.collect(), part(&failed, "Code"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_read_and_what_did_not_is_not() {
        let xml = "<R><PublishBatchResult><Successful><member><Id>0</Id></member></Successful><Failed><member>\
                   <Id>1</Id><Code>InternalError</Code></member><member><Id>3</Id></member></Failed></R>";
        let Answer::But(places, said) = refused(xml) else { panic!() };
        assert_eq!((places, said.as_deref()), (vec![1, 3], Some("InternalError")));
        let Answer::But(places, said) = refused("<Successful><Id>0</Id></Successful><Failed/>") else { panic!() };
        assert_eq!((places, said), (vec![], None));
    }

    #[test]
    fn nothing_in_a_message_ends_it() {
        assert_eq!(escaped("{\"a\":\"&=é\"}"), "%7B%22a%22%3A%22%26%3D%C3%A9%22%7D");
    }
}
