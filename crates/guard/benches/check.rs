//! How long a check takes: a suggestion of 20 lines alone and within a file of 1,000 lines, and
//! the file as a whole.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use types::{Document, Edit, Facts, Language, Snapshot};

/// Twenty lines of Python with a few findings.
const PYTHON: &str = "\
def summarise_NUMBER(rows, limit=10):
    \"\"\"Count rows by kind, the most frequent first.\"\"\"
    counts = {}
    for row in rows:
        kind = row.get(\"kind\", \"unknown\")
        if kind not in counts:
            counts[kind] = 0
        counts[kind] += row.get(\"count\", 1)
    ordered = sorted(counts.items(), key=lambda pair: pair[1], reverse=True)
    lines = []
    for kind, count in ordered[:limit]:
        try:
            share = count / len(rows)
        except ZeroDivisionError:
            share = 0.0
        lines.append(f\"{kind:<20} {count:>6} {share:.1%}\")
    if not lines:
        return \"nothing\"
    return \"\\n\".join(lines)

";

/// Twenty lines of JavaScript.
const JAVASCRIPT: &str = "\
export function summarise_NUMBER(rows, limit = 10) {
  const counts = new Map();
  for (const row of rows) {
    const kind = row.kind ?? \"unknown\";
    counts.set(kind, (counts.get(kind) || 0) + (row.count || 1));
  }
  const ordered = [...counts.entries()].sort((a, b) => b[1] - a[1]);
  const lines = [];
  for (const [kind, count] of ordered.slice(0, limit)) {
    const share = rows.length > 0 ? count / rows.length : 0;
    lines.push(`${kind.padEnd(20)} ${count} ${(share * 100).toFixed(1)}%`);
  }
  if (lines.length === 0) {
    return \"nothing\";
  } else if (lines.length === 1) {
    return lines[0];
  }
  return lines.join(\"\\n\");
}

";

fn check(criterion: &mut Criterion) {
    for (language, path, piece) in
        [(Language::Python, "a.py", PYTHON), (Language::JavaScript, "a.js", JAVASCRIPT)]
    {
        guard::warm_up(language);
        let mut file = String::new();
        for number in 0..50 {
            let _ = write!(file, "{}", piece.replace("NUMBER", &number.to_string()));
        }
        let suggestion = piece.replace("NUMBER", "new");
        let middle = file.find("summarise_25").expect("the file has fifty pieces");
        let line = file[..middle].rfind('\n').map_or(0, |end| end + 1);
        let whole = Document::new(path, &file);
        let within = Edit::insert(&whole, line, suggestion.clone()).expect("a line start");
        let absent = Document::absent(path);
        let cases = [
            ("20 lines alone", Edit::replace_all(&absent, &suggestion), absent.clone()),
            ("20 lines in 1,000", within, whole),
            ("1,000 lines whole", Edit::replace_all(&absent, &file), absent),
        ];
        for (name, edit, document) in cases {
            let snapshot = Snapshot::of(document);
            let facts = Facts::default();
            criterion.bench_function(&format!("{language}: {name}"), |bencher| {
                bencher.iter(|| black_box(guard::check(&snapshot, &edit, &facts, &|| 0)));
            });
        }
    }
}

criterion_group!(benches, check);
criterion_main!(benches);
