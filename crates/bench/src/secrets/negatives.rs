//! What looks like a secret and is none: digests, ids, public keys, placeholders, and the like.

use super::Sample;
use super::fill::fill;
use crate::random::Random;

/// A kind, a file, and its text with parts to be drawn.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("digest", "release.yaml", "version: 4.{num:1}.{num:2}\nsha256: {hex:64}\n"),
    ("digest", "verify.py", "EXPECTED_SHA256 = \"{hex:64}\"\nMD5SUM = \"{hex:32}\"\n"),
    ("digest", "checksums.txt", "{hex:64}  {word}-1.{num:1}.tar.gz\n{hex:64}  {word}-1.{num:1}.zip\n"),
    ("digest", "cache.js", "const etag = '\"{hex:32}\"';\nconst key = `{word}:${hash}`;\n"),
    ("digest", "formula.rb", "  url \"https://downloads.{word}.net/{word}-{num:1}.{num:2}.tar.gz\"\n  sha256 \"{hex:64}\"\n"),
    ("commit", "workflow.yml", "jobs:\n  build:\n    steps:\n      - uses: actions/checkout@{hex:40}\n"),
    ("commit", ".gitmodules.lock", "[submodule \"{word}\"]\n\tcommit = {hex:40}\n"),
    ("commit", "notes.md", "Fixed in {hex:40}, see also {hex:7}.\n"),
    ("uuid", "ids.py", "TENANT_ID = \"{uuid}\"\nSUBSCRIPTION = \"{uuid}\"\n"),
    ("uuid", "project.sln", "Project(\"{8BC9CEB8-8B4A-11D0-8D11-00A0C91BC942}\") = \"{word}\", \"{word}.csproj\", \"{{uuid}}\"\n"),
    ("uuid", "event.json", "{\"requestId\": \"{uuid}\", \"traceId\": \"{hex:32}\", \"spanId\": \"{hex:16}\"}\n"),
    ("lock file", "package-lock.json", "    \"node_modules/{word}\": {\n      \"version\": \"4.{num:1}.{num:1}\",\n      \"resolved\": \"https://packages.{word}.net/{word}/-/{word}-4.0.0.tgz\",\n      \"integrity\": \"sha512-{bytes:64}\"\n    },\n"),
    ("lock file", "yarn.lock", "{word}@^2.0.0:\n  version \"2.{num:1}.{num:1}\"\n  resolved \"https://packages.{word}.net/{word}-2.0.tgz#{hex:40}\"\n  integrity sha512-{bytes:64}\n"),
    ("lock file", "Cargo.lock", "[[package]]\nname = \"{word}\"\nversion = \"1.{num:1}.{num:1}\"\nchecksum = \"{hex:64}\"\n"),
    ("lock file", "poetry.lock", "files = [\n    {file = \"{word}-1.0-py3-none-any.whl\", hash = \"sha256:{hex:64}\"},\n]\n"),
    ("lock file", "requirements.txt", "{word}==1.{num:1}.{num:1} \\\n    --hash=sha256:{hex:64} \\\n    --hash=sha256:{hex:64}\n"),
    ("lock file", "go.sum", "github.com/{word}/{word} v1.{num:1}.{num:1} h1:{bytes:32}\ngithub.com/{word}/{word} v1.{num:1}.{num:1}/go.mod h1:{bytes:32}\n"),
    ("lock file", "pnpm-lock.yaml", "  /{word}@1.{num:1}.{num:1}:\n    resolution: {integrity: sha512-{bytes:64}}\n"),
    ("lock file", "flake.lock", "\"locked\": {\n  \"narHash\": \"sha256-{bytes:32}\",\n  \"rev\": \"{hex:40}\"\n}\n"),
    ("image", "logo.css", ".logo { background: url(data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAA{b64:600}); }\n"),
    ("image", "logo.html", "<img src=\"data:image/gif;base64,R0lGODlh{b64:200}==\" alt=\"{word}\">\n"),
    ("image", "font.css", "@font-face { src: url(data:font/woff2;base64,d09GMgABAAAAA{b64:900}) }\n"),
    ("colours", "theme.css", ":root { --token-{word}: #{hex:6}; --key-color: #{hex:8}; }\n"),
    ("colours", "tokens.json", "{\"designToken\": {\"{word}\": \"#{hex:6}\", \"{word}Secret\": \"#{hex:6}\"}}\n"),
    ("page", "index.html", "<script nonce=\"{bytes:16}\" src=\"/static/{word}.{hex:8}.js\" integrity=\"sha384-{bytes:48}\"></script>\n"),
    ("page", "form.html", "<input type=\"hidden\" name=\"csrf_token\" value=\"{an:64}\">\n<input type=\"password\" id=\"password\">\n"),
    ("page", "list.json", "{\"items\": [], \"nextPageToken\": \"CAUQ{url:24}\", \"continuationToken\": \"{bytes:30}\"}\n"),
    ("identifier", "auth.py", "TOKEN_TYPE = \"urn:ietf:params:oauth:token-type:access_token\"\nSECRET_NAME = \"{word}-{word}-v{num:1}\"\nPASSWORD_FIELD = \"{word}_password_{num:1}\"\n"),
    ("identifier", "auth.ts", "export const tokenKey = 'app.{word}.access-token.v{num:1}';\nconst secretKeyRef = '{word}-{word}-secret';\n"),
    ("identifier", "grammar.js", "const token = 'Identifier{num:2}';\nconst keyword = \"{word}{num:1}\";\nlet nextToken = tokens[4];\n"),
    ("identifier", "model.go", "const tokenHeader = \"X-{Word}-Token\"\nvar secretPath = \"/var/run/secrets/{word}/token\"\n"),
    ("identifier", "form.tsx", "<Input label=\"Password\" name=\"password\" autoComplete=\"current-password\" data-testid=\"{word}-password-{num:2}\" />\n"),
    ("identifier", "keys.py", "API_KEY_HEADER = \"X-Api-Key\"\nCACHE_KEY = \"{word}:{word}:v2:{num:4}\"\nSORT_KEY = \"{word}#{num:6}\"\n"),
    ("documentation", "README.md", "    aws_access_key_id = AKIA@IOSFODNN7EXAMPLE\n    aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"),
    ("documentation", "README.md", "Set `API_KEY` to your key, such as `sk-...{an:4}` or `ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`.\n"),
    ("documentation", "docs.md", "curl -H \"Authorization: Bearer $TOKEN\" https://api.{word}.net/\ncurl -H \"Authorization: Bearer <token>\" -u user:password https://api.{word}.net/\n"),
    ("documentation", "usage.py", "client = Client(api_key=\"YOUR_{word}_API_KEY_HERE_{num:4}\")\nclient.login(password=\"<your password {num:2}>\")\n"),
    ("documentation", "url.md", "postgres://user:password@localhost:5432/{word}\nmysql://root:root@127.0.0.1/{word}\nredis://:{PASSWORD}@cache:6379\n"),
    ("documentation", "emulator.md", "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2@UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\n"),
    ("documentation", "jwt.md", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ@.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\n"),
    ("placeholder", ".env.template", "DB_PASSWORD=changeme{num:1}\nSECRET_KEY=replace-me-with-{num:2}-characters\nAPI_TOKEN=xxxxxxxxxxxxxxxxxxxx{num:2}\n"),
    ("placeholder", "config.yaml", "password: ${{word}_PASSWORD_{num:1}}\ntoken: \"{{ .Values.{word}.token{num:1} }}\"\nsecret: !vault {word}\n"),
    ("placeholder", "deploy.yml", "env:\n  API_TOKEN: ${{ secrets.{word}_TOKEN_{num:1} }}\n  DB_PASSWORD: $(cat /run/secrets/db_{num:1})\n"),
    ("placeholder", "settings.py", "SECRET_KEY = os.environ[\"SECRET_KEY_{num:1}\"]\nPASSWORD = env(\"DB_PASSWORD_{num:2}\", default=\"\")\nTOKEN = getenv(\"TOKEN_{num:3}\")\n"),
    ("placeholder", "main.tf", "password = var.{word}_password_{num:1}\ntoken = data.vault_secret.{word}.value\nsecret_key = random_password.{word}{num:1}.result\n"),
    ("placeholder", "app.js", "const apiKey = process.env.{word}_API_KEY_{num:1};\nconst password = config.get('db.password{num:1}');\nconst token = `${prefix}-{word}-{num:3}`;\n"),
    ("translation", "de.json", "{\"password\": \"Passwort vergessen? Fall {num:3}\", \"token.expired\": \"Sitzung abgelaufen ({num:2})\", \"secret\": \"Geheimnis{num:1}\"}\n"),
    ("translation", "fr.po", "msgid \"password\"\nmsgstr \"Mot de passe {num:1}\"\nmsgid \"api_key\"\nmsgstr \"Clé d'accès {num:2}\"\n"),
    ("minified", "app.min.js", "!function(e,t){var n={token:e.t1,key:\"k{num:2}\",password:t.p};for(var r=0;r<n.length;r++)t[\"{az:3}{num:1}\"]=e({num:3},\"{az:2}\"),n.secret=function(e){return a[e]}}(this,{{az:2}:\"{hex:8}\"});\n"),
    ("minified", "app.js.map", "{\"version\":3,\"sources\":[\"{word}.ts\"],\"mappings\":\"AAAA,SAAS,{AZ:4},CAAC,{az:3}EAAC;AACtB,{AZ:4}AAAA,{AZ:6};{AZ:4},{an:5}\",\"names\":[\"token\",\"secret{num:1}\"]}\n"),
    ("public key", "authorized_keys", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC{b64:340} {word}@{word}\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64:43} {word}\n"),
    ("public key", "cert.pem", "-----BEGIN CERTIFICATE-----\nMII{b64:61}\n{pem:8}\n-----END CERTIFICATE-----\n"),
    ("public key", "keys.py", "PUBLIC_KEY = \"\"\"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE{b64:28}\n{b64:60}\n-----END PUBLIC KEY-----\"\"\"\n"),
    ("public key", "site.html", "<div class=\"g-recaptcha\" data-sitekey=\"6L{url:38}\"></div>\n<script>Stripe('pk_live_{an:24}'); gtag('config', 'G-{up:10}');</script>\n"),
    ("public key", "jwks.json", "{\"keys\": [{\"kty\": \"RSA\", \"e\": \"AQAB\", \"kid\": \"{hex:16}\", \"n\": \"{url:342}\"}]}\n"),
    ("public key", "sentry.js", "Sentry.init({ dsn: 'https://{hex:32}@o{num:6}.ingest.sentry.io/{num:7}' });\n"),
    ("kubernetes", "pods.txt", "{word}-{word}-{hex:10}-{lo:5}   1/1   Running\nsecret/{word}-token-{lo:5}\n"),
    ("kubernetes", "deploy.yaml", "        image: registry.{word}.net/{word}@sha256:{hex:64}\n        secretKeyRef:\n          name: {word}-{word}-{num:2}\n          key: token\n"),
    ("kubernetes", "sealed.yaml", "kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB{b64:300}\n"),
    ("encrypted", "vault.yml", "db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {hex:80}\n  {hex:80}\n"),
    ("encrypted", "sops.yaml", "password: ENC[AES256_GCM,data:{bytes:18},iv:{bytes:32},tag:{bytes:16},type:str]\n"),
    ("encrypted", "users.py", "PASSWORD_HASH = \"$2b$12${b64:53}\"\nUSER = {\"hashed_password\": \"pbkdf2_sha256$600000${an:22}${bytes:32}\"}\n"),
    ("encrypted", "htpasswd", "{word}:$apr1${an:8}${b64:22}\n{word}:{SHA}{bytes:20}\n"),
    ("address", "links.md", "https://{word}.net/{word}/{hex:24}?utm_source={word}&ref={an:12}\nhttps://{word}.net:8443/@{word}/{num:9}\n"),
    ("address", "media.json", "{\"avatar\": \"https://cdn.{word}.net/u/{num:8}/{hex:32}.png\", \"key\": \"uploads/{uuid}.jpg\"}\n"),
    ("address", "paths.py", "KEY_FILE = \"/etc/ssl/private/{word}{num:1}.key\"\nTOKEN_PATH = \"/var/lib/{word}/{hex:12}/token\"\nPASSWORD_FILE = \"./secrets/{word}.{num:2}.txt\"\n"),
    ("address", "assets.json", "{\"main.js\": \"/static/main.{hex:20}.js\", \"token.js\": \"/static/token.{hex:8}.js\"}\n"),
    ("number", "data.csv", "{num:10},{num:8},4{num:15},+4930{num:7}\n{num:13},{hex:8},{num:4}-{num:2}-{num:2}\n"),
    ("number", "curve.c", "static const uint8_t key_schedule[] = { 0x{hex:2}, 0x{hex:2}, 0x{hex:2}, 0x{hex:2}, 0x{hex:2}, 0x{hex:2} };\n"),
    ("number", "ids.json", "{\"id\": \"01H{b32:23}\", \"object_id\": \"{hex:24}\", \"customer\": \"cus_{an:14}\", \"message_id\": \"{an:22}\"}\n"),
    ("fixture", "tests/test_login.py", "def test_login(client):\n    client.post(\"/login\", data={\"password\": \"s3cr3t{num:2}Pa$s\"})\n    token = \"{an:32}\"\n"),
    ("fixture", "src/__tests__/auth.test.js", "it('logs in', () => {\n  const password = 'Tr0ub4dor&{num:1}';\n  const accessToken = '{hex:32}';\n});\n"),
    ("fixture", "pkg/testdata/config.yaml", "password: {an:16}\ndsn: postgres://{word}:{an:10}@localhost/{word}\n"),
    ("pattern", "rules.py", "TOKEN = re.compile(r\"ghp_[A-Za-z0-9]{36}\")\nPASSWORD_PATTERN = r\"^(?=.*[A-Z])(?=.*\\d).{8,{num:2}}$\"\n"),
    ("pattern", "lexer.rs", "const TOKEN_CHARS: &str = \"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\";\nconst SECRET_ALPHABET: &str = \"0123456789abcdef\";\n"),
    ("text", "story.txt", "The password is kept by the {words:6} and the secret token is {words:4}.\n"),
    ("text", "log.txt", "12:{num:2}:{num:2} token accepted for {word} request={an:20} key=/{word}/{word}/{num:4}\n"),
    ("configuration", "app.toml", "[{word}]\nkey_size = {num:4}\ntoken_ttl = \"{num:2}m\"\nsecret_store = \"vault-{word}\"\npassword_policy = \"strict-v{num:1}\"\n"),
    ("configuration", "keymap.json", "{\"key\": \"ctrl+shift+{az:1}\", \"command\": \"{word}.{word}\", \"tokenColors\": \"#{hex:6}\"}\n"),
];

/// Parts of words that are put together here only, for who scans this file.
const JOINED: char = '@';

/// So many samples of each row.
pub fn samples(random: &mut Random, each: usize) -> Vec<Sample> {
    let mut samples = Vec::new();
    for _ in 0..each {
        for &(kind, file, template) in ROWS {
            let text = fill(random, template);
            let text = match kind {
                "documentation" => text.replace(JOINED, ""),
                _ => text,
            };
            #[expect(clippy::reversed_empty_ranges, reason = "no line holds a secret")]
            samples.push(Sample { kind, file: file.to_owned(), text, lines: 1..=0 });
        }
    }
    samples
}
