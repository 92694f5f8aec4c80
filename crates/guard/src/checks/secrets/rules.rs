//! The table of secrets: what each looks like, after its vendor's documentation.
//!
//! In a pattern the group `s` is the secret, `n` the name it is assigned to. Repetitions are
//! bounded, so that a pattern stays small. Sorted from the special to the general.

use std::sync::OnceLock;

use super::Compiled;

/// One kind of secret.
pub(crate) struct Rule {
    pub id: &'static str,
    pub title: &'static str,
    /// Words of which one must occur in the text (in any case) before the pattern is tried.
    pub words: &'static [&'static str],
    pub pattern: &'static str,
    /// Least Shannon entropy of a secret, in bits per character.
    pub entropy_min: f64,
    pub compiled: Compiled,
}

/// The rule that knows a secret by its name only.
pub(crate) const GENERIC: &str = "secret-generic";

const fn rule(
    id: &'static str,
    title: &'static str,
    words: &'static [&'static str],
    entropy_min: f64,
    pattern: &'static str,
) -> Rule {
    Rule { id, title, words, pattern, entropy_min, compiled: OnceLock::new() }
}

#[rustfmt::skip]
pub(crate) static RULES: [Rule; 34] = [
    rule("secret-private-key", "private key", &["private key"], 0.0,
        r"(?P<s>-----BEGIN[ A-Z0-9]{0,20} ?PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n|\\r|\x22|')*[A-Za-z0-9+/=:, -]{32,76})"),
    rule("secret-aws-access-key", "AWS access key id", &["akia", "asia", "abia", "acca"], 2.5,
        r"\b(?P<s>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b"),
    rule("secret-aws-secret-key", "AWS secret access key", &["aws"], 4.0,
        r"(?i)aws[a-z0-9_.-]{0,20}(?:secret|key)[a-z0-9_.-]{0,20}['\x22]?\s{0,4}(?:=|:|=>|:=)\s{0,4}['\x22]?(?P<s>[a-z0-9/+]{40})(?:[^a-z0-9/+=]|$)"),
    rule("secret-github-token", "GitHub token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], 3.0,
        r"\b(?P<s>gh[pousr]_[A-Za-z0-9]{36,251})\b"),
    rule("secret-github-fine-grained", "GitHub fine-grained token", &["github_pat_"], 3.0,
        r"\b(?P<s>github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b"),
    rule("secret-gitlab-token", "GitLab token",
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glagent-", "gloas-", "glsoat-"], 3.0,
        r"\b(?P<s>gl(?:pat|dt|rt|cbt|ptt|ft|agent|oas|soat)-[A-Za-z0-9_.-]{20,200})"),
    rule("secret-slack-token", "Slack token",
        &["xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"], 3.0,
        r"\b(?P<s>(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{20,250})"),
    rule("secret-slack-webhook", "Slack webhook", &["hooks.slack.com"], 3.0,
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>T[A-Z0-9]{7,12}/[A-Za-z0-9]{7,12}/[A-Za-z0-9]{20,32})"),
    rule("secret-stripe-key", "Stripe live key", &["sk_live_", "rk_live_"], 3.0,
        r"\b(?P<s>[sr]k_live_[A-Za-z0-9]{16,247})\b"),
    rule("secret-stripe-webhook", "Stripe webhook secret", &["whsec_"], 3.0,
        r"\b(?P<s>whsec_[A-Za-z0-9+/]{32,64})"),
    rule("secret-google-api-key", "Google API key", &["aiza"], 3.0,
        r"\b(?P<s>AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)"),
    rule("secret-google-oauth", "Google OAuth client secret", &["gocspx-"], 3.0,
        r"\b(?P<s>GOCSPX-[A-Za-z0-9_-]{28})(?:[^0-9A-Za-z_-]|$)"),
    rule("secret-anthropic-key", "Anthropic API key", &["sk-ant-"], 3.0,
        r"\b(?P<s>sk-ant-(?:api|admin|oat|ort)[0-9]{2}-[A-Za-z0-9_-]{80,120})"),
    rule("secret-openai-key", "OpenAI API key", &["t3blbkfj", "sk-"], 3.0,
        r"\b(?P<s>sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{48}\b))"),
    rule("secret-npm-token", "npm token", &["npm_"], 3.0,
        r"\b(?P<s>npm_[A-Za-z0-9]{36})\b"),
    rule("secret-pypi-token", "PyPI token", &["pypi-age"], 3.0,
        r"\b(?P<s>pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,250})"),
    rule("secret-sendgrid-key", "SendGrid API key", &["sg."], 3.0,
        r"\b(?P<s>SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$)"),
    rule("secret-twilio-token", "Twilio auth token or API secret", &["twilio"], 3.0,
        r"(?i)twilio[a-z0-9_.-]{0,30}['\x22]?\s{0,4}(?:=|:|=>|:=)\s{0,4}['\x22]?(?P<s>[0-9a-f]{32}|[a-z0-9]{32})(?:[^a-z0-9]|$)"),
    rule("secret-huggingface-token", "Hugging Face token", &["hf_", "api_org_"], 3.0,
        r"\b(?P<s>(?:hf|api_org)_[A-Za-z0-9]{34,40})\b"),
    rule("secret-azure-storage-key", "Azure storage key", &["accountkey="], 4.0,
        r"(?i)accountkey=(?P<s>[a-z0-9+/]{86}==)"),
    rule("secret-azure-client-secret", "Azure client secret", &["q~"], 3.0,
        r"(?:^|[^A-Za-z0-9_~.-])(?P<s>[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})(?:[^A-Za-z0-9_~.-]|$)"),
    rule("secret-digitalocean-token", "DigitalOcean token", &["doo_v1_", "dop_v1_", "dor_v1_"], 3.0,
        r"\b(?P<s>do[opr]_v1_[a-f0-9]{64})\b"),
    rule("secret-docker-token", "Docker Hub token", &["dckr_pat_", "dckr_oat_"], 3.0,
        r"\b(?P<s>dckr_[po]at_[A-Za-z0-9_-]{27,32})"),
    rule("secret-databricks-token", "Databricks token", &["dapi"], 3.0,
        r"\b(?P<s>dapi[a-f0-9]{32})(?:-[0-9])?\b"),
    rule("secret-shopify-token", "Shopify token", &["shpat_", "shpca_", "shppa_", "shpss_"], 3.0,
        r"\b(?P<s>shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b"),
    rule("secret-telegram-token", "Telegram bot token", &[":aa"], 3.0,
        r"\b(?P<s>[0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)"),
    rule("secret-mailgun-key", "Mailgun key", &["mailgun", "key-"], 3.0,
        r"\b(?P<s>key-[0-9a-f]{32})\b"),
    rule("secret-vault-token", "HashiCorp Vault token", &["hvs.", "hvb."], 3.5,
        r"\b(?P<s>hv[sb]\.[A-Za-z0-9_-]{24,200})"),
    rule("secret-grafana-token", "Grafana token", &["glsa_", "glc_"], 3.0,
        r"\b(?P<s>glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400})"),
    rule("secret-linear-key", "Linear API key", &["lin_api_"], 3.0,
        r"\b(?P<s>lin_api_[A-Za-z0-9]{40})\b"),
    rule("secret-age-key", "age identity", &["age-secret-key-1"], 3.0,
        r"\b(?P<s>AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b"),
    rule("secret-jwt", "JSON web token", &["eyj"], 3.5,
        r"\b(?P<s>eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000})"),
    rule("secret-url-password", "password in a URL", &["://"], 0.0,
        r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s:/@'\x22<>{}$()]{0,64}:(?P<s>[^\s@/'\x22<>{}$()%*]{3,128})@[A-Za-z0-9\[]"),
    rule(GENERIC, "secret assigned to a name",
        &["password", "passwd", "secret", "token", "apikey", "api_key", "api-key", "access_key", "auth_key",
          "private_key", "credential"], 3.3,
        r"(?i)\b(?P<n>[a-z0-9_.-]{0,40}(?:password|passwd|secret|token|api[_-]?key|access_key|auth_key|private_key|credential)(?:[_-][a-z0-9_-]{0,20}|s|[0-9]{1,3})?)['\x22]?(?:\s{0,4}:\s{0,4}[a-z&]{2,12})?\s{0,4}(?:=|:|:=|=>)\s{0,4}[a-z]{0,2}['\x22`](?P<s>[^\s'\x22`]{10,200})['\x22`]"),
];
