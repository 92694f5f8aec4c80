//! What is written about each rule.

use types::Severity::{self, Error, Info, Warning};

use crate::rule_doc::RuleDoc;

const fn doc(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    explanation: &'static str,
    bad: &'static str,
    good: &'static str,
) -> RuleDoc {
    RuleDoc { id, title, severity, cwe: &[], explanation, bad, good }
}

/// One for every rule, by name.
#[rustfmt::skip]
pub(crate) const DOCS: &[RuleDoc] = &[
    doc("array-callback-return", Warning, "A function whose result is used returns nothing",
        "`map`, `filter`, `find`, `reduce`, `sort` and their like use what the function given to \
         them returns. One that returns nothing gives `undefined` every time. Return the value, or \
         use `forEach` or a loop where none is wanted.",
        "const names = users.map((user) => { user.name; });\n",
        "const names = users.map((user) => user.name);\n"),
    doc("eqeqeq", Info, "A comparison that converts first",
        "`==` and `!=` convert their sides by rules that few know by heart: `0 == \"\"` is true. \
         `===` compares what is there. `== null` asks for null and undefined at once and is left \
         alone.",
        "if (count == \"0\") stop();\n",
        "if (count === 0) stop();\n"),
    doc("getter-return", Warning, "A getter that returns nothing",
        "Reading a property with such a getter gives `undefined`. Most likely a `return` is missing.",
        "class A {\n  get size() { this.items.length; }\n}\n",
        "class A {\n  get size() { return this.items.length; }\n}\n"),
    doc("no-async-promise-executor", Warning, "An async executor of a promise",
        "What an `async` executor throws does not reject the promise; it is lost, and the promise \
         stays pending. Make the function around it `async`, or catch inside.",
        "new Promise(async (resolve) => resolve(await load()));\n",
        "const value = await load();\n"),
    doc("no-cond-assign", Warning, "An assignment as a condition",
        "`=` in a condition is mostly a mistyped `===`. Where it is meant, a second pair of \
         brackets says so.",
        "if (user = admin) open();\n",
        "if (user === admin) open();\n"),
    doc("no-const-assign", Error, "A constant is assigned",
        "Assigning to a name that was declared with `const` throws a TypeError when it runs.",
        "const count = 0;\ncount = 1;\n",
        "let count = 0;\ncount = 1;\n"),
    doc("no-constant-condition", Warning, "A condition that is always the same",
        "A condition that is a literal, a new object or a function is always true or always false, \
         so one branch never runs. Loops such as `while (true)` are left alone.",
        "if ([]) use(list);\n",
        "if (list.length > 0) use(list);\n"),
    doc("no-debugger", Warning, "A debugger statement",
        "`debugger` stops the program wherever developer tools are attached. It belongs in no \
         commit.",
        "debugger;\n",
        ""),
    doc("no-dupe-class-members", Warning, "A member of a class that is defined twice",
        "The later definition replaces the earlier one without a word.",
        "class A {\n  run() { one(); }\n  run() { two(); }\n}\n",
        "class A {\n  run() { one(); }\n  stop() { two(); }\n}\n"),
    doc("no-dupe-else-if", Warning, "A condition that was tested before",
        "A branch whose condition stands earlier in the same chain is never taken.",
        "if (a) one(); else if (b) two(); else if (a) three();\n",
        "if (a) one(); else if (b) two(); else if (c) three();\n"),
    doc("no-dupe-keys", Warning, "A key that stands twice in an object",
        "The later value replaces the earlier one without a word.",
        "const colour = { red: 1, green: 2, red: 3 };\n",
        "const colour = { red: 1, green: 2, blue: 3 };\n"),
    doc("no-duplicate-case", Warning, "A case that stands twice in a switch",
        "The second of two equal cases is never reached.",
        "switch (a) { case 1: one(); break; case 1: two(); }\n",
        "switch (a) { case 1: one(); break; case 2: two(); }\n"),
    doc("no-empty", Info, "An empty block",
        "An empty block is mostly something forgotten; an empty `catch` hides every error. Where \
         nothing is to be done, a comment says why.",
        "try { save(); } catch {}\n",
        "try { save(); } catch (error) { report(error); }\n"),
    doc("no-fallthrough", Warning, "A case that falls through to the next",
        "Without `break` or `return` the next case runs as well. Where that is meant, the comment \
         `// falls through` says so.",
        "switch (a) {\n  case 1:\n    one();\n  case 2:\n    two();\n}\n",
        "switch (a) {\n  case 1:\n    one();\n    break;\n  case 2:\n    two();\n}\n"),
    doc("no-import-assign", Error, "An imported name is assigned",
        "Imported names cannot be changed: the assignment throws when it runs.",
        "import { limit } from \"./limits.js\";\nlimit = 2;\n",
        "import { limit } from \"./limits.js\";\nconst own = 2;\n"),
    doc("no-inner-declarations", Info, "A function declared in a block",
        "Outside of strict code a function that is declared in a block is seen in all of the \
         function around it, and engines have disagreed on when.",
        "if (a) { function run() {} }\n",
        "function run() {}\nif (a) run();\n"),
    doc("no-loss-of-precision", Warning, "A number that cannot be kept exactly",
        "Numbers have 53 bits: above 9007199254740992 not every integer exists, and another number \
         is used in place of the one that is written. Use a BigInt or a text.",
        "const id = 9007199254740993;\n",
        "const id = 9007199254740993n;\n"),
    doc("no-new-wrappers", Warning, "An object around a plain value",
        "`new Boolean(false)` is an object, and every object is true; two such objects are never \
         equal. Without `new` the same call converts.",
        "const flag = new Boolean(0);\n",
        "const flag = Boolean(0);\n"),
    doc("no-prototype-builtins", Warning, "A method of the prototype called on an object",
        "An object from outside may have a `hasOwnProperty` of its own, or no prototype at all. \
         Use `Object.hasOwn`.",
        "if (data.hasOwnProperty(key)) use(data[key]);\n",
        "if (Object.hasOwn(data, key)) use(data[key]);\n"),
    doc("no-redeclare", Warning, "A name that is declared twice",
        "A second `var` or function of the same name in the same scope replaces the first without \
         a word.",
        "var count = 1;\nvar count = 2;\n",
        "let count = 1;\ncount = 2;\n"),
    doc("no-self-assign", Warning, "A value assigned to itself",
        "This does nothing; most likely another name was meant.",
        "this.name = this.name;\n",
        "this.name = name;\n"),
    doc("no-self-compare", Warning, "A value compared with itself",
        "The result is always the same, except for NaN, for which `Number.isNaN` says what is meant.",
        "if (a.id === a.id) merge(a, b);\n",
        "if (a.id === b.id) merge(a, b);\n"),
    doc("no-sparse-arrays", Warning, "An array with holes",
        "Two commas with nothing between them leave a hole, which is mostly a slip and is skipped \
         by `forEach` and `map`.",
        "const sides = [1, , 2];\n",
        "const sides = [1, undefined, 2];\n"),
    doc("no-throw-literal", Warning, "Something other than an error is thrown",
        "A text or a plain object has no stack, and handlers that read `message` get nothing.",
        "throw \"not found\";\n",
        "throw new Error(\"not found\");\n"),
    doc("no-undef", Error, "A name that nothing declares",
        "Reading such a name throws a ReferenceError when it runs. The names of the language, of \
         Node.js, of browsers and of common test runners are known; others can be declared in a \
         comment, `/* global name */`. TypeScript's compiler knows better and is not doubted.",
        "const total = cuont + 1;\n",
        "const count = 0;\nconst total = count + 1;\n"),
    doc("no-unreachable", Warning, "Code that is never reached",
        "Nothing after `return`, `throw`, `break` or `continue` in the same block runs.",
        "function f() {\n  return 1;\n  log();\n}\n",
        "function f() {\n  log();\n  return 1;\n}\n"),
    doc("no-unsafe-finally", Warning, "A jump out of a finally block",
        "`return`, `throw`, `break` or `continue` in `finally` overrides what the `try` returned or \
         threw: errors disappear.",
        "function f() {\n  try { return load(); } finally { return null; }\n}\n",
        "function f() {\n  try { return load(); } finally { close(); }\n}\n"),
    doc("no-unused-vars", Warning, "A name that is never used",
        "A variable, function, import or parameter that nothing reads is left over or misspelt \
         elsewhere. A name that begins with `_` says that this is meant.",
        "import { parse } from \"./parse.js\";\n\nexport const a = 1;\n",
        "import { parse } from \"./parse.js\";\n\nexport const a = parse(\"1\");\n"),
    doc("no-useless-catch", Warning, "A catch that only throws again",
        "It does nothing but hide where the error came from in some tools. Leave the `try` out.",
        "try { save(); } catch (error) { throw error; }\n",
        "save();\n"),
    doc("no-var", Info, "A variable declared with var",
        "`var` is seen in all of its function and before its line. `let` and `const` keep to their \
         block.",
        "var count = 1;\n",
        "const count = 1;\n"),
    doc("prefer-const", Info, "A variable that is never changed",
        "`const` tells readers that a name keeps its value.",
        "let limit = 10;\nuse(limit);\n",
        "const limit = 10;\nuse(limit);\n"),
    doc("require-await", Info, "An async function that awaits nothing",
        "It returns a promise without need; mostly an `await` was forgotten.",
        "async function load() {\n  return read();\n}\n",
        "async function load() {\n  return await read();\n}\n"),
    doc("use-isnan", Warning, "A comparison with NaN",
        "NaN equals nothing, not even itself, so the comparison is always false.",
        "if (value === NaN) stop();\n",
        "if (Number.isNaN(value)) stop();\n"),
    doc("valid-typeof", Warning, "A comparison of typeof with a type that does not exist",
        "`typeof` gives one of eight texts; any other is a slip, and the comparison never holds.",
        "if (typeof value === \"strnig\") use(value);\n",
        "if (typeof value === \"string\") use(value);\n"),
];
