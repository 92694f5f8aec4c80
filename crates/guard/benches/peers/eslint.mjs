// Compares the guard's rules for JavaScript with those of ESLint on the files named in stdin.
//
//   npm install eslint@9 globals
//   cargo build -p guard --example findings
//   find node_modules -name '*.js' | node eslint.mjs .../examples/findings
//
// For each rule: findings of both, of ESLint alone, of the guard alone. A finding is a line of a
// file; files that one of the two cannot read are left out.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const { Linter } = require("eslint");
const globals = require("globals");

const rules = `array-callback-return eqeqeq getter-return no-async-promise-executor no-cond-assign
  no-const-assign no-constant-condition no-debugger no-dupe-class-members no-dupe-else-if
  no-dupe-keys no-duplicate-case no-empty no-fallthrough no-import-assign no-inner-declarations
  no-loss-of-precision no-new-wrappers no-prototype-builtins no-redeclare no-self-assign
  no-self-compare no-sparse-arrays no-throw-literal no-undef no-unreachable no-unsafe-finally
  no-unused-vars no-useless-catch no-var prefer-const require-await use-isnan valid-typeof`
  .split(/\s+/);
const severity = Object.fromEntries(rules.map((rule) => [rule, "error"]));
severity.eqeqeq = ["error", "always", { null: "ignore" }];
severity["no-redeclare"] = ["error", { builtinGlobals: false }];
severity["no-constant-condition"] = ["error", { checkLoops: false }];
severity["no-unused-vars"] = ["error", { caughtErrors: "none", varsIgnorePattern: "^_", argsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" }];
severity["no-inner-declarations"] = ["error", "functions", { blockScopedFunctions: "allow" }];
const known = { ...globals.browser, ...globals.node, ...globals.commonjs, ...globals.mocha, ...globals.jest, ...globals.jquery, ...globals.amd, ...globals.worker, ...globals.serviceworker };
const clean = Object.fromEntries(Object.keys(known).map((name) => [name.trim(), "writable"]));

const files = readFileSync(0, "utf8").split("\n").filter(Boolean);
const linter = new Linter();
const theirs = new Map();
const unread = new Set();
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const isModule = /^\s*(import|export)\b/m.test(text);
  const languageOptions = {
    ecmaVersion: "latest",
    sourceType: isModule ? "module" : "commonjs",
    globals: clean,
    parserOptions: { ecmaFeatures: { jsx: true } },
  };
  const messages = linter.verify(text, [{ languageOptions, rules: severity, linterOptions: { noInlineConfig: false } }], { filename: "a.js", allowInlineConfig: false });
  if (messages.some((message) => message.fatal)) { unread.add(file); continue; }
  for (const { ruleId, line } of messages) theirs.set(`${ruleId} ${file}:${line}`, ruleId);
}
const ours = new Map();
const printed = execFileSync(process.argv[2], ["lint"], { input: files.join("\n"), maxBuffer: 1 << 30 });
for (const line of printed.toString().split("\n").filter(Boolean)) {
  const [, file, at, rule] = /^(.*?):(\d+):([^:]*):/.exec(line);
  if (rule === "unchecked") unread.add(file);
  else if (rules.includes(rule)) ours.set(`${rule} ${file}:${at}`, rule);
}
const of = (key) => key.slice(key.indexOf(" ") + 1).replace(/:\d+$/, "");
console.log(`${files.length} files, ${unread.size} left out`);
for (const rule of rules) {
  const mine = [...ours].filter(([key, one]) => one === rule && !unread.has(of(key))).map(([key]) => key);
  const other = [...theirs].filter(([key, one]) => one === rule && !unread.has(of(key))).map(([key]) => key);
  const both = mine.filter((key) => theirs.has(key)).length;
  console.log(`${rule}: both ${both}, eslint alone ${other.length - both}, guard alone ${mine.length - both}`);
  if (process.argv.includes("--show")) {
    for (const key of other.filter((key) => !ours.has(key)).slice(0, 4)) console.log(`  eslint: ${key}`);
    for (const key of mine.filter((key) => !theirs.has(key)).slice(0, 4)) console.log(`  guard: ${key}`);
  }
}
