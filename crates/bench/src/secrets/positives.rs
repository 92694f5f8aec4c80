//! Secrets as their vendors' documentation describes them, in all the places where people leave
//! them. Written from the formats, without looking at what finds them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Sample;
use super::fill::{fill, one_of};
use crate::random::Random;

/// How a secret shows what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// By its form, wherever it stands.
    Form,
    /// By the name it is assigned to.
    Name,
    /// It brings its own surroundings.
    Whole,
}

use Shows::{Form, Name, Whole};

/// A kind: what it is called, how it shows, the words of a name for it, how it is written.
type Kind = (&'static str, Shows, &'static str, &'static str);

const VENDORS: &[Kind] = &[
    ("aws access key id", Form, "aws access key id", "AKIA{b32:16}"),
    ("aws temporary key id", Form, "aws access key id", "ASIA{b32:16}"),
    ("aws secret key", Name, "aws secret access key", "{bytes:30}"),
    ("github token", Form, "github token", "ghp_{github}"),
    ("github oauth", Form, "gh oauth token", "gho_{github}"),
    ("github server token", Form, "gh app token", "ghs_{github}"),
    ("github fine-grained", Form, "github token", "github_pat_{an:22}_{an:59}"),
    ("gitlab token", Form, "gitlab token", "glpat-{url:20}"),
    ("gitlab deploy token", Form, "deploy token", "gldt-{url:20}"),
    ("gitlab runner token", Form, "runner token", "glrt-{url:20}"),
    ("gitlab trigger token", Form, "trigger token", "glptt-{hex:40}"),
    ("bitbucket app password", Form, "bitbucket password", "ATBB{an:24}{HEX:8}"),
    ("atlassian token", Form, "jira api token", "ATATT3xFfGF0{url:171}={HEX:8}"),
    ("slack bot token", Form, "slack bot token", "xoxb-{dec:12}-{dec:13}-{an:24}"),
    ("slack user token", Form, "slack token", "xoxp-{dec:12}-{dec:12}-{dec:13}-{hex:32}"),
    ("slack app token", Form, "slack app token", "xapp-1-A0{up:9}-{dec:13}-{hex:64}"),
    (
        "slack webhook",
        Form,
        "webhook",
        "https://hooks.slack.com/services/T0{up:8}/B0{up:8}/{an:24}",
    ),
    ("discord bot token", Form, "discord token", "{discord}.G{an:5}.{url:38}"),
    ("discord webhook", Form, "hook", "https://discord.com/api/webhooks/{dec:18}/{url:68}"),
    ("telegram bot token", Form, "telegram bot token", "{dec:10}:AAH{url:32}"),
    ("twilio api key", Form, "twilio api key", "SK{hex:32}"),
    ("twilio auth token", Name, "twilio auth token", "{hex:32}"),
    ("sendgrid key", Form, "sendgrid api key", "SG.{url:22}.{url:43}"),
    ("mailgun key", Form, "mailgun api key", "key-{hex:32}"),
    ("mailchimp key", Form, "mailchimp api key", "{hex:32}-us{dec:1}"),
    ("brevo key", Form, "brevo api key", "xkeysib-{hex:64}-{an:16}"),
    ("postmark token", Name, "postmark server token", "{uuid}"),
    ("resend key", Form, "resend api key", "re_{an:8}_{an:24}"),
    ("stripe live key", Form, "stripe secret key", "sk_live_{an:24}"),
    ("stripe long key", Form, "stripe secret key", "sk_live_51{an:97}"),
    ("stripe restricted key", Form, "stripe key", "rk_live_51{an:97}"),
    ("stripe webhook secret", Form, "stripe webhook secret", "whsec_{an:32}"),
    ("square access token", Form, "square access token", "EAAA{url:60}"),
    ("square secret", Form, "square secret", "sq0csp-{url:43}"),
    ("shopify token", Form, "shopify access token", "shpat_{hex:32}"),
    ("shopify secret", Form, "shopify api secret", "shpss_{hex:32}"),
    ("plaid secret", Name, "plaid secret", "{hex:30}"),
    ("npm token", Form, "npm token", "npm_{github}"),
    ("pypi token", Form, "pypi token", "pypi-AgEIcHlwaS5vcmcC{url:150}"),
    ("rubygems key", Form, "gem host api key", "rubygems_{hex:48}"),
    ("nuget key", Form, "nuget api key", "oy2{lo:43}"),
    ("docker token", Form, "docker password", "dckr_pat_{url:27}"),
    ("google api key", Form, "google api key", "AIzaSy{url:33}"),
    ("google oauth secret", Form, "google client secret", "GOCSPX-{url:28}"),
    ("google access token", Form, "access token", "ya29.a0A{url:160}"),
    (
        "azure storage key",
        Form,
        "azure storage connection",
        "DefaultEndpointsProtocol=https;AccountName={az:8};AccountKey={bytes:64};EndpointSuffix=core.windows.net",
    ),
    ("azure client secret", Form, "azure client secret", "{an:3}8Q~{url:34}"),
    (
        "azure sas",
        Form,
        "container url",
        "https://{az:9}.blob.core.windows.net/c?sv=2022-11-02&sr=c&sp=rl&se=2031-01-01T00:00:00Z&sig={an:43}%3D",
    ),
    (
        "azure service bus",
        Form,
        "queue connection",
        "Endpoint=sb://{az:8}.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey={bytes:32}",
    ),
    ("digitalocean token", Form, "digitalocean token", "dop_v1_{hex:64}"),
    ("heroku key", Name, "heroku api key", "{uuid}"),
    ("cloudflare token", Name, "cloudflare api token", "{url:40}"),
    ("fly token", Form, "fly api token", "fo1_{url:43}"),
    ("netlify token", Form, "netlify auth token", "nfp_{an:36}"),
    ("alibaba key id", Form, "aliyun access key id", "LTAI5t{an:18}"),
    ("alibaba secret", Name, "aliyun access key secret", "{an:30}"),
    ("databricks token", Form, "databricks token", "dapi{hex:32}"),
    ("planetscale password", Form, "db password", "pscale_pw_{url:43}"),
    ("supabase token", Form, "supabase access token", "sbp_{hex:40}"),
    ("openai project key", Form, "openai api key", "sk-proj-{url:74}T3BlbkFJ{url:74}"),
    ("openai old key", Form, "openai api key", "sk-{an:20}T3BlbkFJ{an:20}"),
    ("anthropic key", Form, "anthropic api key", "sk-ant-api03-{url:93}AA"),
    ("hugging face token", Form, "hf token", "hf_{an:34}"),
    ("groq key", Form, "groq api key", "gsk_{an:52}"),
    ("replicate token", Form, "replicate api token", "r8_{an:37}"),
    ("openrouter key", Form, "openrouter api key", "sk-or-v1-{hex:64}"),
    ("perplexity key", Form, "pplx api key", "pplx-{an:48}"),
    ("langsmith key", Form, "langchain api key", "lsv2_pt_{hex:32}_{hex:10}"),
    ("pinecone key", Form, "pinecone api key", "pcsk_{an:5}_{an:63}"),
    ("cohere key", Name, "cohere api key", "{an:40}"),
    ("wandb key", Name, "wandb api key", "{hex:40}"),
    ("vault token", Form, "vault token", "hvs.CAESI{url:90}"),
    ("terraform token", Form, "tf token", "{an:14}.atlasv1.{url:67}"),
    ("pulumi token", Form, "pulumi access token", "pul-{hex:40}"),
    ("doppler token", Form, "doppler token", "dp.pt.{an:43}"),
    ("1password token", Form, "op service account token", "ops_eyJ{url:400}"),
    ("okta token", Name, "okta api token", "00{url:40}"),
    ("tailscale key", Form, "ts authkey", "tskey-auth-k{an:11}CNTRL-{an:32}"),
    ("grafana token", Form, "grafana token", "glsa_{an:32}_{hex:8}"),
    ("datadog key", Name, "datadog api key", "{hex:32}"),
    ("datadog app key", Name, "dd app key", "{hex:40}"),
    ("new relic key", Form, "new relic api key", "NRAK-{up:27}"),
    ("sentry token", Form, "sentry auth token", "sntryu_{hex:64}"),
    ("dynatrace token", Form, "dt token", "dt0c01.{b32:24}.{b32:64}"),
    ("launchdarkly key", Form, "ld sdk key", "sdk-{uuid}"),
    ("circleci token", Form, "circle token", "CCIPAT_{an:22}_{hex:40}"),
    ("sonar token", Form, "sonar token", "squ_{hex:40}"),
    ("postman key", Form, "postman api key", "PMAK-{hex:24}-{hex:34}"),
    ("artifactory key", Form, "artifactory api key", "AKCp{an:69}"),
    ("airtable token", Form, "airtable token", "pat{an:14}.{hex:64}"),
    ("notion token", Form, "notion token", "ntn_{num:11}{an:35}"),
    ("linear key", Form, "linear api key", "lin_api_{an:40}"),
    ("figma token", Form, "figma token", "figd_{url:40}"),
    ("hubspot token", Form, "hubspot token", "pat-na1-{uuid}"),
    ("dropbox token", Form, "dropbox access token", "sl.u.AF{url:180}"),
    ("facebook token", Form, "fb page token", "EAA{an:180}"),
    ("twitch secret", Name, "twitch client secret", "{lo:30}"),
    ("spotify secret", Name, "spotify client secret", "{hex:32}"),
    ("age identity", Form, "age key", "AGE-SECRET-KEY-1{B32:58}"),
    ("json web token", Form, "access token", "{jwt}"),
];

/// What is known by a name alone: the names, and how the value is drawn.
const NAMES: &[&str] = &[
    "db password",
    "jwt secret",
    "api key",
    "client secret",
    "session secret",
    "encryption key",
    "auth token",
    "signing key",
    "smtp password",
    "webhook secret",
    "service token",
    "admin password",
    "secret key",
    "access token",
    "redis password",
    "private token",
    "master key",
];
const VALUES: &[(&str, &str)] = &[
    ("generic letters and digits", "{an:20-40}"),
    ("generic short", "{an:14-18}"),
    ("generic hex", "{hex:32}"),
    ("generic long hex", "{hex:64}"),
    ("generic base64", "{bytes:24}"),
    ("generic long base64", "{bytes:48}"),
    ("generic url-safe", "{urlbytes:32}"),
    ("generic lower case", "{lo:24}"),
];

/// Passwords as people choose them, for names of passwords alone.
const CHOSEN: &[&str] =
    &["{Word}{num:3}!{az:2}", "{az:3}{AZ:2}#{num:3}{az:2}", "{Word}-{Word}-{num:4}"];

/// Texts that bring their own surroundings; `«...»` marks the secret.
const WHOLES: &[Kind] = &[
    (
        "rsa private key",
        Whole,
        "id_rsa",
        "«-----BEGIN RSA PRIVATE@KEY-----\n{pem:12}»\n-----END RSA PRIVATE@KEY-----\n",
    ),
    (
        "pkcs8 private key",
        Whole,
        "server.key",
        "«-----BEGIN PRIVATE@KEY-----\n{pem:16}»\n-----END PRIVATE@KEY-----\n",
    ),
    (
        "openssh private key",
        Whole,
        "id_ed25519",
        "«-----BEGIN OPENSSH PRIVATE@KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA{b64:46}\n{pem:4}»\n-----END OPENSSH PRIVATE@KEY-----\n",
    ),
    (
        "ec private key in code",
        Whole,
        "signer.js",
        "const pem = `«-----BEGIN EC PRIVATE@KEY-----\n{pem:2}»\n-----END EC PRIVATE@KEY-----`;\n",
    ),
    (
        "private key in json",
        Whole,
        "account.json",
        "{\n  \"type\": \"service_account\",\n  \"project_id\": \"{word}-{word}\",\n  «\"private_key\": \"-----BEGIN PRIVATE@KEY-----\\n{b64:64}\\n{b64:64}\\n{b64:64}\\n-----END PRIVATE@KEY-----\\n\"»,\n  \"client_email\": \"a@b.iam.gserviceaccount.com\"\n}\n",
    ),
    (
        "postgres url",
        Whole,
        "settings.py",
        "import os\n\nDATABASE = «\"postgresql://{word}:{an:12-20}@db-{num:2}.internal:5432/{word}\"»\n",
    ),
    (
        "mongodb url",
        Whole,
        "db.js",
        "mongoose.connect(«'mongodb+srv://{word}:{an:12-20}@cluster{num:1}.{lo:5}.mongodb.net/{word}?retryWrites=true'»);\n",
    ),
    (
        "redis url",
        Whole,
        "compose.yaml",
        "services:\n  web:\n    environment:\n      «CACHE: redis://:{an:16-24}@cache:6379/0»\n",
    ),
    (
        "amqp url",
        Whole,
        ".env",
        "MODE=live\n«BROKER=amqp://{word}:{an:12-18}@mq.internal:5672/prod»\n",
    ),
    (
        "https url with password",
        Whole,
        "fetch.sh",
        "#!/bin/sh\n«git clone https://{word}:{an:16-30}@git.{word}.net/{word}.git»\n",
    ),
    (
        "ado connection string",
        Whole,
        "appsettings.json",
        "{\n  \"ConnectionStrings\": {\n    «\"Main\": \"Server=tcp:{word}.database.windows.net,1433;Database={word};User ID={word};Password={an:10}!{num:2};Encrypt=True;\"»\n  }\n}\n",
    ),
    (
        "jdbc url",
        Whole,
        "application.properties",
        "server.port=8080\n«spring.datasource.url=jdbc:mysql://db.internal:3306/{word}?user={word}&password={an:14-20}&useSSL=true»\n",
    ),
    ("netrc", Whole, ".netrc", "«machine git.{word}.net login {word} password {an:16-24}»\n"),
    (
        "docker config",
        Whole,
        "config.json",
        "{\n  \"auths\": {\n    \"registry.{word}.net\": {\n      «\"auth\": \"{basic}\"»\n    }\n  }\n}\n",
    ),
    (
        "kubernetes secret",
        Whole,
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {word}-{word}\ntype: Opaque\ndata:\n  «password: {bytes:24}»\n",
    ),
    (
        "kubernetes plain secret",
        Whole,
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {word}\nstringData:\n  «api-token: {an:32}»\n",
    ),
    ("npmrc", Whole, ".npmrc", "save-exact=true\n«//packages.{word}.net/:_authToken={an:40}»\n"),
    (
        "basic header",
        Whole,
        "call.py",
        "import http.client\n\n«HEADERS = {\"Authorization\": \"Basic {basic}\"}»\n",
    ),
    (
        "bearer header",
        Whole,
        "call.sh",
        "«curl -H 'Authorization: Bearer {an:40}' https://api.{word}.net/v1/{word}»\n",
    ),
    (
        "curl password",
        Whole,
        "call.sh",
        "«curl -u {word}:{an:14-20} https://api.{word}.net/v1/{word}»\n",
    ),
    (
        "wireguard key",
        Whole,
        "wg0.conf",
        "[Interface]\nAddress = 10.0.0.2/32\n«PrivateKey = {bytes:32}»\n",
    ),
    ("laravel key", Whole, ".env", "APP_ENV=production\n«APP_KEY=base64:{bytes:32}»\n"),
    (
        "kubeconfig key",
        Whole,
        "kubeconfig",
        "users:\n- name: {word}\n  user:\n    «client-key-data: {keydata}»\n",
    ),
    (
        "private jwk",
        Whole,
        "jwk.json",
        "{\"keys\": [\n  «{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"{urlbytes:32}\", \"y\": \"{urlbytes:32}\", \"d\": \"{urlbytes:32}\"}»\n]}\n",
    ),
    (
        "xml setting",
        Whole,
        "web.config",
        "<?xml version=\"1.0\"?>\n<configuration>\n  «<add key=\"ApiToken\" value=\"{an:32}\" />»\n</configuration>\n",
    ),
];

/// Places for a secret: the file, and the text around `NAME` and `§`, which is one line.
const AROUND: &[(&str, &str)] = &[
    ("settings.py", "import os\n\nDEBUG = False\nNAME = \"§\"\nTIMEOUT = 30\n"),
    ("client.py", "def connect(host):\n    return Client(host, name=\"§\", retries=3)\n"),
    ("deploy.py", "import os\n\nos.environ[\"NAME\"] = \"§\"\nmain()\n"),
    ("config.js", "module.exports = {\n  port: 8080,\n  cName: '§',\n};\n"),
    (
        "api.ts",
        "import axios from 'axios';\n\nconst cName: string = \"§\";\nexport default axios.create();\n",
    ),
    ("config.yaml", "service:\n  replicas: 2\n  name: §\n  region: eu\n"),
    ("values.yaml", "env:\n  - name: NAME\n    value: \"§\"\n"),
    (".env", "MODE=production\nNAME=§\nPORT=8080\n"),
    ("settings.json", "{\n  \"region\": \"eu-central-1\",\n  \"cName\": \"§\"\n}\n"),
    ("run.sh", "#!/bin/sh\nset -e\nexport NAME=\"§\"\nexec ./server\n"),
    ("Dockerfile", "FROM debian:12\nENV NAME=§\nCMD [\"./server\"]\n"),
    ("main.tf", "resource \"service\" \"main\" {\n  region = \"eu\"\n  name = \"§\"\n}\n"),
    ("main.go", "package main\n\nconst cName = \"§\"\n\nfunc main() { run(cName) }\n"),
    ("Config.java", "class Config {\n    static final String NAME = \"§\";\n}\n"),
    ("app.properties", "server.port=8080\nname=§\n"),
    ("client.rs", "pub const NAME: &str = \"§\";\n"),
];

/// Places for what shows what it is.
const BARE: &[(&str, &str)] = &[
    ("notes.md", "# Deployment\n\nLog in with `§` and restart.\n"),
    ("client.py", "# was § until May\ndef connect():\n    pass\n"),
    ("client.go", "// used: §\nfunc connect() {}\n"),
    ("build.log", "12:04:11 starting\n12:04:12 using § for the upload\n12:04:13 done\n"),
    ("index.js", "login(\"§\");\n"),
];

/// So many samples of each kind, at most eight.
pub fn samples(random: &mut Random, each: usize) -> Vec<Sample> {
    let mut samples = Vec::new();
    for number in 0..each {
        for &(kind, shows, name, template) in VENDORS {
            let secret = fill(random, &template.replace("{B32:58}", "{bech:58}"));
            let secret = if kind == "age identity" { secret.to_uppercase() } else { secret };
            let place = match shows == Form && number % 3 == 2 {
                true => BARE[random.below(BARE.len())],
                false => AROUND[random.below(AROUND.len())],
            };
            samples.push(placed(kind, place, name, &secret));
        }
        for &(kind, template) in VALUES {
            let secret = fill(random, template);
            let place = AROUND[random.below(AROUND.len())];
            let name = one_of(random, NAMES);
            samples.push(placed(kind, place, name, &secret));
        }
        let template = one_of(random, CHOSEN);
        let secret = fill(random, template);
        samples.push(placed("chosen password", AROUND[2 * number], "db password", &secret));
        for &(kind, _, file, template) in WHOLES {
            samples.push(whole(random, kind, file, template));
        }
    }
    samples
}

/// A secret in a place, under a name in that place's style.
fn placed(kind: &'static str, (file, around): (&str, &str), name: &str, secret: &str) -> Sample {
    let words: Vec<&str> = name.split(' ').collect();
    let mut camel = words[0].to_owned();
    for word in &words[1..] {
        camel.push_str(&word[..1].to_uppercase());
        camel.push_str(&word[1..]);
    }
    let snake = words.join("_");
    // In YAML the key before `NAME` is the word itself.
    let mut text = around.replace("cName", &camel).replace("NAME", &snake.to_uppercase());
    text = match file {
        "values.yaml" => text,
        _ => text.replacen("name", &snake, 1),
    };
    let line = text.lines().position(|line| line.contains('§')).map_or(1, |line| line + 1);
    Sample { kind, file: file.to_owned(), text: text.replace('§', secret), lines: line..=line }
}

/// A text that brings its surroundings, with marks around the secret.
fn whole(random: &mut Random, kind: &'static str, file: &str, template: &str) -> Sample {
    let pem = "-----BEGIN RSA PRIVATE@KEY-----\n{pem:8}\n-----END RSA PRIVATE@KEY-----\n";
    let pem = fill(random, pem).replace('@', " ");
    let text = fill(random, template).replace("{keydata}", &STANDARD.encode(pem));
    let text = text.replace("PRIVATE@KEY", "PRIVATE KEY");
    let line = |mark| text.find(mark).map_or(1, |at| text[..at].matches('\n').count() + 1);
    let lines = line('«')..=line('»');
    Sample { kind, file: file.to_owned(), text: text.replace(['«', '»'], ""), lines }
}
