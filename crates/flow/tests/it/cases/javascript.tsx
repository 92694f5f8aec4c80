// What JavaScript and TypeScript write in ways of their own.
import api, { sink as put } from 'api';
import * as all from 'api';
const { read, sink: renamed } = require('api');

// Taken apart.
const { a, b: { c = 'x', ...rest }, d } = { a: api.read(), b: { c: 1, e: api.read() }, d: 'fixed' };
api.sink(a); // HERE
api.sink(d); // NOT
api.sink(rest); // HERE
const [first, , third = api.read(), ...more] = ['x', 'y', undefined, api.read()];
put(first); // NOT
put(third); // HERE
put(more[0]); // HERE
let left = 'l', right = api.read();
[left, right] = [right, left];
api.sink(left); // HERE
api.sink(right); // NOT

// Modules.
renamed(read()); // HERE
all.sink(all.read()); // HERE
require('api').sink(require('api').read()); // HERE
async function later() {
  const late = await import('api');
  late.sink(await late.read()); // HERE
}
later();

// Blocks have names of their own.
const name = 'fixed';
{
  const name = api.read();
  api.sink(name); // HERE
}
api.sink(name); // NOT
for (let name = api.read(); ; ) {
  api.sink(name); // HERE
  break;
}
api.sink(name); // NOT

// Functions.
const twice = ({ text, more = text }: { text: string; more?: string }) => text + more;
api.sink(twice({ text: api.read() })); // HERE
api.sink(twice({ text: 'a' })); // NOT
api.sink(hoisted(api.read())); // HERE
function hoisted(...parts: string[]) {
  return parts[0];
}
(function (inner) {
  api.sink(inner); // HERE
})(api.read());
const counter = { value: api.read(), get now() { return api.read(); }, show() { return 'fixed'; } };
api.sink(counter.now); // HERE
api.sink(counter.show()); // NOT

// Classes.
class Base {
  protected kept = 'fixed';
  static made = api.read();
}
class Shop extends Base {
  #hidden = api.read();
  constructor(private readonly given: string, other: string) {
    super();
    this.kept = other;
  }
  get shown() { return this.given; }
  hiddenOne() { return this.#hidden; }
}
const shop = new Shop(api.read(), 'b');
api.sink(shop.shown); // HERE
api.sink(shop.hiddenOne()); // HERE
api.sink(new Shop('a', 'b').shown); // NOT
api.sink(Base.made); // HERE

// Operators, templates, branches.
api.sink(`a${api.read()}b`); // HERE
api.sink(`a${1}b`); // NOT
api.sink(api.read()?.[0]?.trim?.()); // HERE
api.sink((0, api.read() as any)); // HERE
let maybe = null;
maybe ??= api.read();
api.sink(maybe); // HERE
api.sink(typeof api.read()); // NOT
const LEVELS = ['low', 'high'];
const level = api.read();
if (LEVELS.includes(level)) api.sink(level); // NOT
if (LEVELS.indexOf(level) === -1) api.sink(level); // HERE
if (level !== 'low') throw new Error('no');
api.sink(level); // NOT
let chosen = 'fixed';
switch (third) {
  case 'one':
    chosen = api.read();
  case 'two':
    api.sink(chosen); // HERE
    break;
  default:
    api.sink('x'); // NOT
}
outer: for (const one of [api.read(), 'x']) {
  for (const key in { one }) {
    api.sink(key); // NOT
    continue outer;
  }
  api.sink(one); // HERE
}
do {
  api.sink(api.read()); // HERE
} while (false);
try {
  throw api.read();
} catch ({ message }) {
  api.sink('caught'); // NOT
} finally {
  api.sink(api.read()); // HERE
}

// Types and markup.
enum Colour { Red, Green = 'green' }
api.sink(Colour.Green); // NOT
namespace Tools {
  export function get() { return api.read(); }
}
api.sink(Tools.get()); // HERE
const Part = ({ html }) => { api.sink(html); return null; }; // HERE
const view = <div><Part html={api.read()} /></div>;
export { view, Shop };
