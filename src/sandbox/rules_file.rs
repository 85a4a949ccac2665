//! The rules file: who may ask the sandbox what, and how the channel behaves.

use serde::Deserialize;

use super::auth::{AuthScheme, Credential, CredentialError};
use super::model::rules::ChannelRules;
use super::reading;

/// What a rules file says.
#[derive(Debug, Clone)]
pub struct RulesFile {
    /// The credentials that the sandbox takes; any if there are none.
    pub credentials: Vec<Credential>,
    /// How the channel behaves, if it says so.
    pub channel: Option<ChannelRules>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    credentials: Vec<CredentialText>,
    #[serde(default)]
    channel: Option<ChannelRules>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialText {
    scheme: AuthScheme,
    secret: String,
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

/// Reads a rules file: YAML, or JSON.
///
/// # Errors
/// With what is wrong with it, and where.
pub fn read(text: &str) -> Result<RulesFile, String> {
    let FileText { credentials, channel } = reading::yaml(text).map_err(|fault| fault.to_string())?;
    if let Some(fault) = channel.as_ref().and_then(ChannelRules::fault) {
        return Err(format!("in `channel`, {fault}"));
    }
    let credentials = credentials.into_iter().enumerate().map(|(index, CredentialText { scheme, secret, scopes })| {
        Credential::read(scheme, secret, scopes).map_err(|error| {
            let key = match error {
                CredentialError::Blank | CredentialError::NoPassword => "secret",
                CredentialError::UnknownScope { .. } => "scopes",
            };
            format!("`credentials[{index}].{key}` cannot be used: {error}")
        })
    });
    Ok(RulesFile { credentials: credentials.collect::<Result<_, _>>()?, channel })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_credentials_and_rules() {
        let file = read(
            "credentials:\n  - { scheme: app, secret: k, scopes: [ instagram:logs:read ] }\n\
             channel: { latencyMs: 5, rules: [ { outcome: unknownPerson, ids: [ '1' ] } ] }\n",
        );
        let file = file.unwrap();
        assert_eq!((file.credentials.len(), file.channel.unwrap().latency_ms), (1, 5));
        // A secret is never part of what is printed.
        assert!(!format!("{:?}", file.credentials).contains("\"k\""));
    }

    #[test]
    fn what_a_file_may_not_say_is_named() {
        for (text, part) in [
            ("channels: {}", "`channels` is not known here: there is `credentials` or `channel` (line 1, column 1)"),
            ("credentials: [ { scheme: app, secret: '' } ]", "`credentials[0].secret` cannot be used: it is blank"),
            (
                "credentials: [ { scheme: app, secret: k }, { scheme: basic, secret: nopw } ]",
                "`credentials[1].secret` cannot be used: it is not `USER:PASSWORD`",
            ),
            (
                "credentials: [ { scheme: app, secret: k, scopes: [ foo ] } ]",
                "`credentials[0].scopes` cannot be used: there is no scope `foo`: the scopes are message:send",
            ),
            ("channel: { rules: [ { outcome: slow } ] }", "perMille"),
            ("channel: []", "`channel` must be a mapping of names to values, not a list (line 1, column 10)"),
            ("channel: { price: [ 0.15, EUR ] }", "`channel.price` must be a mapping of names to values, not a list"),
            ("channel: { rules: [ [ slow ] ] }", "`channel.rules[0]` must be a mapping of names to values, not a list"),
            ("credentials: [ [ app, key ] ]", "`credentials[0]` must be a mapping of names to values, not a list"),
            (
                "channel: { rules: [ { outcome: slo, ids: ['1'] } ] }",
                "`channel.rules[0].outcome` must be one of `unknownSender`",
            ),
            (
                "channel: { latencyMs: fast }",
                "`channel.latencyMs` must be a whole number from 0 to 4294967295, not a text (line 1, column 23)",
            ),
            (
                "channel: { rules: [ { outcome: channelFails, ids: ['1'], status: 5 } ] }",
                "`rules[0].status` is 5: `channelFails` takes 4, 9 or 31",
            ),
        ] {
            assert!(read(text).is_err_and(|error| error.contains(part)), "{text}");
        }
    }
}
