/**
 * Runs the very Lua scripts that Redis runs, translated to JavaScript once. It knows the part of Lua that they use, and
 * refuses anything else: `local`, functions, `if`, `for` over numbers and iterators, `return`, expressions, tables that are lists.
 */
import { compileFunction } from 'node:vm';

/** Values of Lua here: tables are arrays (index 1 is the first) or, from cjson, objects; nil is undefined. */
export type Lua = string | number | boolean | undefined | Lua[] | { [key: string]: Lua };

/** One command as a script gives it, with a reply as Redis gives it; nothing is `null`. */
export type Call = (name: string, ...args: string[]) => Reply;
export type Reply = string | number | null | Reply[];

export type Script = (call: Call, keys: readonly string[], args: readonly string[]) => Reply;

/** @throws Error where a script has more than is known here. */
export function compile(lua: string): Script {
  const body = new Translation(lua).block();
  const run = compileFunction(body, ['lua', 'redis', 'KEYS', 'ARGV']) as (...given: unknown[]) => Lua;
  return (call, keys, args) => {
    const redis = {
      call: (name: string, ...given: Lua[]) => toLua(call(name.toUpperCase(), ...given.map(String))),
    };
    return toReply(run(library, redis, keys, args));
  };
}

const truthy = (value: Lua) => value !== undefined && value !== false;

/** What the translated text calls. */
const library = {
  truthy,
  or: (one: Lua, other: () => Lua) => (truthy(one) ? one : other()),
  and: (one: Lua, other: () => Lua) => (truthy(one) ? other() : one),
  index: (table: Lua, key: Lua): Lua => {
    if (Array.isArray(table)) return table[Number(key) - 1];
    if (typeof table === 'object') return table[String(key)];
    throw new Error(`a Lua script looks into ${typeof table}`);
  },
  add: (one: Lua, other: Lua) => number(one) + number(other),
  subtract: (one: Lua, other: Lua) => number(one) - number(other),
  multiply: (one: Lua, other: Lua) => number(one) * number(other),
  divide: (one: Lua, other: Lua) => number(one) / number(other),
  tonumber: (value: Lua) => (value === undefined || Number.isNaN(Number(value)) ? undefined : Number(value)),
  unpack: (table: Lua[], from = 1) => table.slice(from - 1),
  set: (table: Lua[], key: Lua, value: Lua) => {
    table[number(key) - 1] = value;
  },
  type: (value: Lua) => (value === undefined ? 'nil' : typeof value === 'object' ? 'table' : typeof value),
  tostring: (value: Lua) => (value === undefined ? 'nil' : String(value)),
  /** Whatever goes wrong is an error of Redis here. */
  pcall: (run: (...args: Lua[]) => Lua, ...args: Lua[]): Lua[] => {
    try {
      return [true, run(...args)];
    } catch (error) {
      return [false, { err: (error as Error).message }];
    }
  },
  table: { remove: (table: Lua[], at: number) => table.splice(at - 1, 1)[0] },
  string: {
    gmatch: (text: string, pattern: string) => {
      if (pattern !== '%S+') throw new Error(`a Lua pattern that is not known here: ${pattern}`);
      return text.match(/\S+/g) ?? [];
    },
  },
  math: { max: (...values: Lua[]) => Math.max(...values.map(number)), floor: (value: number) => Math.floor(value) },
  cjson: { decode: (text: string) => JSON.parse(text) as Lua },
};

function number(value: Lua): number {
  const found = Number(value);
  if (value === undefined || Number.isNaN(found)) throw new Error(`a Lua script calculates with ${String(value)}`);
  return found;
}

function toLua(reply: Reply): Lua {
  if (reply === null) return false;
  return Array.isArray(reply) ? reply.map(toLua) : reply;
}

/** Numbers lose what is behind the point, a list ends at its first nil. */
function toReply(value: Lua): Reply {
  if (value === undefined || value === false) return null;
  if (value === true) return 1;
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) throw new Error('a Lua script returns an object');
  const end = value.indexOf(undefined);
  return (end < 0 ? value : value.slice(0, end)).map(toReply);
}

const TOKEN =
  /\s+|--\[\[[\s\S]*?\]\]|--[^\n]*|([A-Za-z_]\w*|\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|==|~=|<=|>=|\.\.|[-+*/#<>=(){}[\],.])/y;
const COMPARISONS: Readonly<Record<string, string>> = {
  '==': '===',
  '~=': '!==',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
};
const CALCULATIONS: Readonly<Record<string, string>> = { '+': 'add', '-': 'subtract', '*': 'multiply', '/': 'divide' };
const GLOBALS: ReadonlySet<string> = new Set([
  'tonumber',
  'tostring',
  'type',
  'pcall',
  'unpack',
  'math',
  'cjson',
  'table',
  'string',
]);
/** Names of Lua that JavaScript has for itself. */
const RESERVED: ReadonlySet<string> = new Set([
  'arguments',
  'case',
  'class',
  'const',
  'default',
  'delete',
  'new',
  'this',
  'var',
]);
const ENDS: ReadonlySet<string | undefined> = new Set(['end', 'else', 'elseif', undefined]);

/** Recursive descent: every method takes what it is named after, and gives JavaScript. */
class Translation {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const from = TOKEN.lastIndex;
      const found = TOKEN.exec(text);
      if (!found) throw new Error(`Lua that is not known here: ${text.slice(from, from + 20)}`);
      if (found[1] !== undefined) this.tokens.push(found[1]);
    }
  }

  block(): string {
    let text = '';
    while (!ENDS.has(this.next)) text += this.statement();
    return text;
  }

  private statement(): string {
    if (this.took('local')) return this.took('function') ? this.localFunction() : this.locals();
    if (this.took('return')) return `return ${this.expression()};\n`;
    if (this.took('if')) return this.condition();
    if (this.took('for')) return this.loop();
    const target = this.postfix();
    if (!this.took('=')) return `${target};\n`;
    const value = this.expression();
    const place = /^lua\.index\((.*)\)$/s.exec(target)?.[1];
    return place === undefined ? `${target} = ${value};\n` : `lua.set(${place}, ${value});\n`;
  }

  private locals(): string {
    const names = [this.name()];
    while (this.took(',')) names.push(this.name());
    const values = [this.after('=')];
    while (this.took(',')) values.push(this.expression());
    if (names.length === 1) return `let ${names[0]} = ${values[0]};\n`;
    // One call that gives several, or one value for each.
    return `let [${names.join(', ')}] = ${values.length === 1 ? values[0] : `[${values.join(', ')}]`};\n`;
  }

  private localFunction(): string {
    const name = this.name();
    this.expect('(');
    const parameters: string[] = [];
    while (!this.took(')')) {
      parameters.push(this.name());
      this.took(',');
    }
    const body = this.block();
    this.expect('end');
    return `const ${name} = (${parameters.join(', ')}) => {\n${body}};\n`;
  }

  private loop(): string {
    const name = this.name();
    const isNumeric = this.took('=');
    if (!isNumeric) this.expect('in');
    const from = this.expression();
    const to = isNumeric ? this.after(',') : '';
    this.expect('do');
    const body = this.block();
    this.expect('end');
    const head = isNumeric
      ? `let ${name} = ${from}, last = ${to}; ${name} <= last; ${name}++`
      : `const ${name} of ${from}`;
    return `for (${head}) {\n${body}}\n`;
  }

  private name(): string {
    const name = this.take();
    return RESERVED.has(name) ? `${name}_` : name;
  }

  private condition(): string {
    let text = `if (lua.truthy(${this.expression()})) {\n`;
    this.expect('then');
    text += `${this.block()}}`;
    if (this.took('elseif')) return `${text} else ${this.condition()}`;
    if (this.took('else')) text += ` else {\n${this.block()}}`;
    this.expect('end');
    return `${text}\n`;
  }

  private expression(): string {
    let text = this.conjunction();
    while (this.took('or')) text = `lua.or(${text}, () => ${this.conjunction()})`;
    return text;
  }

  private conjunction(): string {
    let text = this.comparison();
    while (this.took('and')) text = `lua.and(${text}, () => ${this.comparison()})`;
    return text;
  }

  private comparison(): string {
    let text = this.concatenation();
    for (let by = COMPARISONS[this.next ?? '']; by !== undefined; by = COMPARISONS[this.next ?? '']) {
      this.take();
      text = `(${text} ${by} ${this.concatenation()})`;
    }
    return text;
  }

  private concatenation(): string {
    const text = this.sum();
    return this.took('..') ? `(String(${text}) + String(${this.concatenation()}))` : text;
  }

  private sum(): string {
    let text = this.product();
    while (this.next === '+' || this.next === '-')
      text = `lua.${CALCULATIONS[this.take()]}(${text}, ${this.product()})`;
    return text;
  }

  private product(): string {
    let text = this.unary();
    while (this.next === '*' || this.next === '/') text = `lua.${CALCULATIONS[this.take()]}(${text}, ${this.unary()})`;
    return text;
  }

  private unary(): string {
    if (this.took('not')) return `!lua.truthy(${this.unary()})`;
    if (this.took('#')) return `${this.unary()}.length`;
    return this.postfix();
  }

  private postfix(): string {
    let text = this.primary();
    for (;;) {
      if (this.took('[')) {
        text = `lua.index(${text}, ${this.expression()})`;
        this.expect(']');
      } else if (this.took('.')) {
        const name = this.take();
        const own = text === 'redis' || /^lua\.(math|cjson|table|string)$/.test(text);
        text = own ? `${text}.${name}` : `lua.index(${text}, '${name}')`;
      } else if (this.took('(')) {
        text = `${text}(${this.list(')')})`;
      } else {
        return text;
      }
    }
  }

  private primary(): string {
    const token = this.take();
    if (token === '(') {
      const text = this.expression();
      this.expect(')');
      return `(${text})`;
    }
    if (token === '{') return `[${this.list('}')}]`;
    if (token === 'nil') return 'undefined';
    if (GLOBALS.has(token)) return `lua.${token}`;
    if (/^[\w'"]/.test(token)) return RESERVED.has(token) ? `${token}_` : token;
    throw new Error(`Lua that is not known here: ${token}`);
  }

  private list(end: string): string {
    const items: string[] = [];
    while (!this.took(end)) {
      const item = this.expression();
      items.push(item.startsWith('lua.unpack(') ? `...${item}` : item);
      if (this.next !== end) this.expect(',');
    }
    return items.join(', ');
  }

  private after(token: string): string {
    this.expect(token);
    return this.expression();
  }

  private get next(): string | undefined {
    return this.tokens[this.at];
  }

  private take(): string {
    const token = this.next;
    if (token === undefined) throw new Error('a Lua script ends too early');
    this.at += 1;
    return token;
  }

  private took(token: string): boolean {
    if (this.next !== token) return false;
    this.at += 1;
    return true;
  }

  private expect(token: string): void {
    if (!this.took(token)) throw new Error(`a Lua script has ${this.next} instead of ${token}`);
  }
}
