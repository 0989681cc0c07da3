// A second implementation: reads the rows of all endpoints in all four formats with nothing but what stands beside this
// file. `node check.mjs [FOLDER]` exits with 0 if every row is in order, and with 1 and the row's name if not.
// It needs Node.js 18 or later and no packages.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// ---- JSON, with numbers as they are spelled: ids have up to 18 digits, which JavaScript's own numbers do not hold.

class Num {
  constructor(text) {
    this.text = text;
  }

  get whole() {
    return /^-?\d+$/.test(this.text);
  }
}

class Refused extends Error {}

const DEPTH = 32;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/;
const NUMERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const TOKEN = new RegExp(`[ \\t\\r\\n]*(?:([[\\]{}:,])|(${STRING.source})|(${NUMERAL.source})|(true|false|null))`, "y");

/** What a JSON text stands for: objects are Maps, where of two members with the same key the last one counts. */
function parseJson(text) {
  let position = 0;

  function next() {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (match === null) throw new Refused(`no JSON at character ${position}`);
    position = TOKEN.lastIndex;
    return match;
  }

  function value([, mark, string, number, word], depth) {
    if (string !== undefined) return wellFormed(JSON.parse(string));
    if (number !== undefined) return new Num(number);
    if (word !== undefined) return { true: true, false: false, null: null }[word];
    if (mark !== "[" && mark !== "{") throw new Refused(`${mark} where a value belongs`);
    if (depth === DEPTH) throw new Refused("too deep");
    const array = [];
    const members = new Map();
    const end = mark === "[" ? "]" : "}";
    let token = next();
    if (token[1] !== end) {
      for (;;) {
        if (mark === "[") {
          array.push(value(token, depth + 1));
        } else {
          if (token[2] === undefined || next()[1] !== ":") throw new Refused("no member");
          members.set(wellFormed(JSON.parse(token[2])), value(next(), depth + 1));
        }
        const after = next()[1];
        if (after === end) break;
        if (after !== ",") throw new Refused("no comma");
        token = next();
      }
    }
    return mark === "[" ? array : members;
  }

  const whole = value(next(), 0);
  if (text.slice(position).trim() !== "") throw new Refused("more than one value");
  return whole;
}

function wellFormed(string) {
  if (/\p{Surrogate}/u.test(string)) throw new Refused("half of a surrogate pair");
  return string;
}

/** One spelling for equal values, whatever the order of members. */
function spelled(value) {
  if (value instanceof Num) return value.text;
  if (Array.isArray(value)) return `[${value.map(spelled).join()}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${spelled(item)}`).sort().join()}}`;
}

// ---- JSON Schema: the keywords that the two schemas use. Any other is an error, so that none is passed over.

const ANNOTATIONS = new Set(["$schema", "$defs", "title", "description", "examples"]);
const TYPES = {
  object: (value) => value instanceof Map,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  integer: (value) => value instanceof Num && value.whole,
};

class Schemas {
  constructor(folder) {
    this.files = new Map();
    for (const name of readdirSync(folder).filter((name) => name.endsWith(".schema.json"))) {
      this.files.set(name, parseJson(readFileSync(join(folder, name), "utf8")));
    }
  }

  /** Whether a value is what the schema in *file* says. */
  holds(value, file, schema = this.files.get(file)) {
    return [...schema].every(
      ([keyword, wanted]) => ANNOTATIONS.has(keyword) || this.keyword(keyword, wanted, value, file, schema),
    );
  }

  keyword(keyword, wanted, value, file, schema) {
    const holds = (inner, item = value) => this.holds(item, file, inner);
    const members = value instanceof Map ? [...value] : [];
    const number = value instanceof Num && value.whole ? BigInt(value.text) : null;
    switch (keyword) {
      case "type":
        return TYPES[wanted](value);
      case "const":
        return spelled(value) === spelled(wanted);
      case "enum":
        return wanted.some((item) => spelled(value) === spelled(item));
      case "required":
        return !(value instanceof Map) || wanted.every((key) => value.has(key));
      case "properties":
        return members.every(([key, item]) => !wanted.has(key) || holds(wanted.get(key), item));
      case "additionalProperties": {
        const others = members.filter(([key]) => !schema.get("properties")?.has(key));
        return wanted === false ? others.length === 0 : others.every(([, item]) => holds(wanted, item));
      }
      case "items":
        return !Array.isArray(value) || value.every((item) => holds(wanted, item));
      case "minLength":
        return typeof value !== "string" || [...value].length >= Number(wanted.text);
      case "pattern":
        return typeof value !== "string" || new RegExp(wanted, "u").test(value);
      case "minimum":
        return number === null || number >= BigInt(wanted.text);
      case "maximum":
        return number === null || number <= BigInt(wanted.text);
      case "allOf":
        return wanted.every((inner) => holds(inner));
      case "anyOf":
        return wanted.some((inner) => holds(inner));
      case "oneOf":
        return wanted.filter((inner) => holds(inner)).length === 1;
      case "$ref": {
        const [name, path] = wanted.split("#");
        const steps = (path ?? "").split("/").slice(1);
        const target = name || file;
        return this.holds(value, target, steps.reduce((inner, step) => inner.get(step), this.files.get(target)));
      }
      default:
        throw new Error(`the keyword ${keyword} of JSON Schema is not implemented here`);
    }
  }
}

// ---- The replies of all endpoints, to normalized JSON. What they are called and how they are spelled is in
// endpoints.json; how a body is cut is here.

const TEXT = /^(?:[A-Za-z_][A-Za-z0-9_]* = |OK(?:, | - |\s*$))/;
// Of the lines behind an error nothing is kept.
const ERROR = /^ERROR = (\d+) \((.*)\)(?:, ID - (\d+))?(?:\r?\n[^]+)?$/;
const FORMATS = ["text", "csv", "xml", "json"];

/** The lines of fmt=0 that are no list of keys and values: a pattern for each way to write one. */
const MONEY = "-?(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,6})?";
const GAP = "(?:[ \\t]*,[ \\t]*|[ \\t]+)";
const SENTENCES = {
  created: [/^ID = (?<id>.*)$/],
  record_created: [/^ID = (?<id>.*)$/],
  mailing_created: [new RegExp(`^OK, ID - (?<id>\\d+)(?:, COST - (?<cost>${MONEY}))?$`)],
  short_link: [
    new RegExp(
      "^id = (?<id>\\d+), cnt = (?<cnt>\\d+), cnt_mon = (?<cnt_mon>\\d+), cnt_day = (?<cnt_day>\\d+)" +
        ", cnt_yes = (?<cnt_yes>\\d+)(?<tails>(?:, [A-Za-z_][A-Za-z0-9_]* = .*)?)$",
    ),
  ],
  call_number: [/^PHONE = (?<phone>\+?\d+)$/],
  sent: [/^OK - (?<parts>\d+) SMS, ID - (?<id>\d+)(?<tails>(?:, [A-Za-z_][A-Za-z0-9_]* - .*)?)$/],
  cost: [
    new RegExp(`^(?<cost>${MONEY}) \\((?<parts>\\d+) SMS\\)$`),
    new RegExp(`^OK - (?<parts>\\d+) SMS, COST - (?<cost>${MONEY})$`),
  ],
  balance: [
    new RegExp(`^(?<balance>${MONEY})(?:(?:${GAP}(?<credit>${MONEY}))?${GAP}(?<currency>\\p{L}[^\\s,]*))?$`, "u"),
    new RegExp(`^(?<balance>${MONEY})${GAP}(?<currency>\\p{L}[^\\s,]*)${GAP}(?<credit>${MONEY})$`, "u"),
  ],
};

/** What could be a reply of another endpoint, and is read only if it is expected. */
const ONLY_EXPECTED = { cost: new RegExp(`^(?<cost>${MONEY})$`) };

const matches = (pattern, text) => new RegExp(`^(?:${pattern})$(?!\\n)`, "u").test(text);
const whole = (value) => value instanceof Num && value.whole;

/** A value of a type: numbers and codes as numbers, all else as text. fmt=3 may have each with and without quotes. */
function valueOf(type, value) {
  const isNumber = type.kind === "number" || type.kind === "code";
  const bare = isNumber || type.kind === "money" || (type.loose && whole(value));
  const text = value instanceof Num && bare ? value.text : value;
  if (typeof text !== "string") throw new Refused("no value");
  if (type.pattern !== undefined && !matches(type.pattern, text)) throw new Refused(`no ${type.kind}`);
  if (type.kind === "date" && !isDate(text)) throw new Refused("no date");
  return isNumber ? new Num(text) : text;
}

function isDate(text) {
  const [, day, month, year] = /^(\d+)\.(\d+)\.(\d+) /.exec(text).map(Number);
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCDate() === day;
}

/** The members of a record, made of its keys and values in a format. */
function record(form, fmt, value, more = false) {
  const named = new Map(form.fields.filter((field) => fmt in field.keys).map((field) => [bareKey(field.keys[fmt]), field]));
  for (const [key, name] of Object.entries(form.also?.[fmt] ?? {})) {
    named.set(key, form.fields.find((field) => field.name === name));
  }
  const members = new Map();
  const maps = new Map();
  const open = (name, key, item) => maps.set(name, (maps.get(name) ?? new Map()).set(key, item));
  for (const [key, item] of value) {
    const field = named.get(key);
    if (field && isAbsent(form, field, item)) {
      members.delete(field.name);
    } else if (field?.several) {
      if (!Array.isArray(item)) throw new Refused("no list");
      members.set(field.name, item.map((each) => valueOf(field.several, each)));
    } else if (field?.many) {
      members.set(field.name, listOf(field.many, fmt, item));
      // What stands among the elements of a list is kept beside it.
      for (const [tag, text] of straysIn(field.many, item)) {
        if (typeof text === "string") open(form.other, tag, text);
      }
    }
    else if (field) {
      members.set(field.name, valueOf(field.type, item));
    } else if (form.open) {
      const [codes, texts] = Object.entries(form.open);
      const text = whole(item) ? item.text : item;
      if (typeof text === "string" && matches(codes[1].pattern, text)) open(codes[0], key, new Num(text));
      else open(texts[0], key, valueOf(texts[1], text));
    } else if (form.other) {
      if (item instanceof Num || typeof item === "string") open(form.other, key, item instanceof Num ? item.text : item);
    } else if (!more) {
      throw new Refused(`the key ${key}`);
    }
  }
  for (const field of form.fields) {
    const mayLack = field.optional || field.absent_in === fmt;
    if (!mayLack && !members.has(field.name)) throw new Refused(`no ${field.name}`);
    if ((field.many || field.several) && members.get(field.name)?.length === 0) members.delete(field.name);
  }
  return new Map([...members, ...maps]);
}

/** Whether a value says that a reply lacks the field; of a sender name nothing does. An empty text may be a value. */
function isAbsent(form, field, value) {
  if (!field.optional || form.open || value === undefined) return false;
  return value === null || (value === "" && field.type?.pattern !== undefined && !matches(field.type.pattern, ""));
}

const bareKey = (key) => key.replace(/^@/, "");

/** The records in a list that is a member of a reply. */
function listOf(form, fmt, value) {
  if (Array.isArray(value)) return value.map((item) => record(form, fmt, mapOf(item)));
  if (!(value instanceof Element) || value.text.trim() !== "") throw new Refused("no list");
  return value.children.filter(({ tag }) => tag === form.item).map((item) => record(form, fmt, membersOf(form, item)));
}

/** The elements in a list that are not records of it, as keys and values. */
function straysIn(form, value) {
  const strays = value instanceof Element ? value.children.filter(({ tag }) => tag !== form.item) : [];
  return strays.map((element) => [element.tag, valueIn(element)]);
}

function mapOf(value) {
  if (!(value instanceof Map)) throw new Refused("no object");
  return value;
}

/** Whether nobody knows the keys of a reply. */
const isGeneric = (reply) => reply.fields.length === 0 && reply.other !== undefined;

/** The replies that something with these keys can be: one of which nobody knows the keys only if no other has them. */
function withKeys(replies, expect, fmt, keys) {
  const names = (form) => new Map([...form.fields.map((field) => [field.name, field.keys[fmt]]), ...aliases(form)]);
  const aliases = (form) => Object.entries(form.also?.[fmt] ?? {}).filter(([key]) => keys.has(key)).map(([key, name]) => [name, key]);
  const needed = (form) => form.fields.filter((field) => !field.optional).map((field) => names(form).get(field.name));
  const isKeyed = ({ kind, fields }) => fields.length > 0 && kind !== "error" && !(fmt === "text" && kind in SENTENCES);
  const known = replies.some((reply) => isKeyed(reply) && needed(reply).every((key) => keys.has(key)));
  return known ? replies.filter((reply) => !isGeneric(reply) || reply.kind === expect) : replies;
}

/** Every reply that *make* can make, and its form; that which is expected comes first, what nobody knows last. */
function* everyOf(replies, expect, make) {
  const place = (reply) => (reply.kind === expect ? 0 : isGeneric(reply) ? 2 : 1);
  const ordered = [...replies].sort((one, other) => place(one) - place(other));
  let refused = new Refused("nothing");
  for (const reply of ordered) {
    try {
      const made = make(reply);
      if (made !== undefined) yield [new Map([["kind", reply.kind], ...made]), reply];
    } catch (trouble) {
      if (!(trouble instanceof Refused)) throw trouble;
      refused = trouble;
    }
  }
  throw refused;
}

function firstOf(replies, expect, make) {
  return everyOf(replies, expect, make).next().value[0];
}

/** The list without records that is expected, or the only one. */
function emptyList(replies, expect) {
  const lists = replies.filter((reply) => reply.many);
  const found = lists.filter((reply) => reply.kind === expect)[0] ?? (lists.length === 1 || expect ? lists[0] : undefined);
  if (found === undefined) throw new Refused("an empty list of any kind");
  return new Map([["kind", found.kind], [found.many, []]]);
}

/** The reply with the fewest keys that nobody has documented, and the fewest *misfits*; of several the first one, but for lists. */
function bestOf(replies, expect, make, misfits = () => 0) {
  const unknown = (reply) => {
    const [record] = [...reply.values()].find(Array.isArray) ?? [];
    const others = (reply.get("other")?.size ?? 0) + (record instanceof Map ? (record.get("other")?.size ?? 0) : 0);
    return others + misfits(reply.get("kind"));
  };
  let best;
  let form;
  let several = false;
  try {
    for (const [made, reply] of everyOf(replies, expect, make)) {
      if (best !== undefined && (isGeneric(form) || isGeneric(reply))) break;
      if (best === undefined || unknown(made) < unknown(best)) [best, form, several] = [made, reply, false];
      else if (unknown(made) === unknown(best) && form.kind !== expect) several ||= Boolean(form.many && reply.many);
    }
  } catch (trouble) {
    if (best === undefined || !(trouble instanceof Refused)) throw trouble;
  }
  if (several) throw new Refused("several lists");
  return best;
}

function decodeJson(text, replies, expect) {
  if (TEXT.test(text)) return decodePlain(text, replies);
  const value = parseJson(text);
  if (Array.isArray(value)) {
    if (value.length === 0) return emptyList(replies, expect);
    const lists = replies.filter((reply) => reply.many);
    return bestOf(withKeys(lists, expect, "json", new Map(mapOf(value[0]))), expect, (reply) => {
      return [[reply.many, value.map((item) => record(reply, "json", mapOf(item)))]];
    });
  }
  const members = mapOf(value);
  if (members.has("error_code")) return firstOf(replies.filter((reply) => reply.kind === "error"), expect, errorOf);
  return bestOf(replies, expect, (reply) => {
    if (reply.kind === "error") return undefined;
    if (reply.constant) return spelled(members) === `{"result":"${reply.constant}"}` ? [] : undefined;
    if (!reply.many) return record(reply, "json", members);
    const inside = members.get(reply.member);
    const [first] = members.values();
    const isKept = [...members.values()].some((item) => item instanceof Num || typeof item === "string");
    if (isGeneric(reply) && (!isKept || (members.size === 1 && first instanceof Num))) return undefined;
    if (Array.isArray(inside)) return [[reply.many, inside.map((item) => record(reply, "json", mapOf(item)))]];
    return [[reply.many, [record(reply, "json", members)]]];
  });

  function errorOf(reply) {
    return record(reply, "json", members, true);
  }
}

/** An error or OK, which come as text although another format was asked. */
function decodePlain(text, replies) {
  const line = text.replace(/\r?\n$/, "").trim();
  return firstOf(replies, undefined, (reply) => {
    if (!reply.may_be_plain_text) return undefined;
    if (reply.constant) return line === reply.constant ? [] : undefined;
    return errorIn(reply, line);
  });
}

function errorIn(reply, line) {
  const match = ERROR.exec(line);
  if (match === null) return undefined;
  const members = { description: match[2] || undefined, code: match[1], id: match[3] };
  const given = reply.fields.filter((field) => members[field.name] !== undefined);
  return given.map((field) => [field.name, valueOf(field.type, members[field.name])]);
}

// ---- fmt=0

function decodeText(text, replies, expect) {
  const body = text.replace(/^(?:[ \t]*\r?\n)+/, "").replace(/(?:\r?\n[ \t]*)+$/, "");
  if (body.trim() === "") return emptyList(replies, expect);
  const lines = body.split(/\r?\n/);
  if (ERROR.test(body)) return firstOf(replies, undefined, (reply) => (reply.kind === "error" ? errorIn(reply, body) : undefined));
  const keys = new Set([...body.matchAll(/(?:^|, )([A-Za-z_][A-Za-z0-9_]*) = /g)].map((match) => match[1]));
  return firstOf(withKeys(replies, expect, "text", keys), expect, (reply) => {
    if (reply.kind === "error") return undefined;
    if (reply.constant) return body === reply.constant ? [] : undefined;
    if (reply.kind in SENTENCES) return sentence(reply, lines, expect);
    const records = recordsIn(reply, body).map((line) => record(reply, "text", keysIn(reply, line)));
    if (reply.many) return [[reply.many, records]];
    if (records.length > 1) throw new Refused("more than one");
    return records[0];
  });
}

/** Whether a line behind the first one is neither values nor pairs, so that nothing is kept of it. */
const isNote = (line) => line.trim() !== "" && !/^.* = |^(?:\+?[0-9]+|[^,@ ]+@[^,@ ]+)(?:,|$)/.test(line);

/** A line that is a sentence, with a record in each line behind it. */
function sentence(reply, [first, ...rest], expect) {
  const patterns = [...SENTENCES[reply.kind], ...(expect === reply.kind && expect in ONLY_EXPECTED ? [ONLY_EXPECTED[expect]] : [])];
  const match = patterns.map((pattern) => pattern.exec(first)).find((found) => found !== null);
  if (match === undefined) throw new Refused("no sentence");
  const { tails, ...groups } = match.groups;
  const members = new Map(Object.entries(groups).filter(([, value]) => value !== undefined));
  const others = new Map();
  const names = [...(tails ?? "").matchAll(/, ([A-Za-z_][A-Za-z0-9_]*) [-=] /g)];
  for (const [at, name] of names.entries()) {
    const value = tails.slice(name.index + name[0].length, names[at + 1]?.index ?? tails.length);
    const known = reply.fields.find((field) => field.name.toUpperCase() === name[1] && !members.has(field.name));
    if (known === undefined) others.set(name[1], value);
    else members.set(known.name, value);
  }
  const made = new Map();
  for (const field of reply.fields) {
    if (members.has(field.name)) made.set(field.name, valueOf(field.type, members.get(field.name)));
    else if (!field.optional && field.absent_in !== "text") throw new Refused(`no ${field.name}`);
  }
  const inner = reply.fields.find((field) => field.many);
  if (rest.length > 0) {
    if (inner === undefined) throw new Refused("more than one line");
    const lines = rest.filter((line) => !isNote(line)).map((line) => keysIn(inner.many, line));
    // Lines that are not about a number are kept, beside the rest.
    const isNumber = (pairs) => pairs.some(([key]) => key === "phone");
    for (const [key, value] of lines.filter((pairs) => !isNumber(pairs)).flat()) others.set(key, value);
    const records = lines.filter(isNumber).map((pairs) => record(inner.many, "text", pairs));
    if (records.length > 0) made.set(inner.name, records);
  }
  if (others.size > 0) made.set(reply.other, others);
  return made;
}

/** The lines of a list; one that does not begin like a record of texts that persons wrote continues the one before. */
function recordsIn(reply, body) {
  const lines = body.split(/\r?\n/);
  if (!reply.fields.some((field) => field.type?.free)) return lines;
  const head = `${reply.fields.find((field) => !field.optional).keys.text} = `;
  const records = [];
  const ends = [...body.matchAll(/\r?\n/g)].map((match) => match[0]);
  for (const [at, line] of lines.entries()) {
    if (at === 0 || line.startsWith(head)) records.push(line);
    else records[records.length - 1] += ends[at - 1] + line;
  }
  return records;
}

/** The keys and values of a line. Texts that persons wrote are read from its end. */
function keysIn(form, line) {
  // Of some records the first value is told by its place, and keys can be any words.
  const leading = form.fields.find((field) => field.leads);
  const keys = leading === undefined ? /(?:^|, )([A-Za-z_][A-Za-z0-9_]*) = /g : /(?:^|, )([^ ,=]+(?: +[^ ,=]+)*) = /g;
  const separators = [...line.matchAll(keys)];
  if (separators[0]?.index !== 0) throw new Refused("no key");
  const places = separators.map((match) => ({ key: match[1], start: match.index, value: match.index + match[0].length }));
  if (leading !== undefined) places[0].key = leading.keys.text;
  const textFields = form.fields.filter((field) => field.keys.text && field.type);
  const free = textFields.filter((field) => field.type.free).map((field) => field.keys.text);
  const first = places.findIndex((place) => place.key === free[0]);
  const kept = first < 0 ? places : places.slice(0, first + 1);
  if (first >= 0) {
    let last = first;
    for (const key of free.slice(1)) {
      const at = places.findLastIndex((place, index) => index > last && place.key === key);
      if (at > 0) kept.push(places[(last = at)]);
    }
    const names = textFields.map((field) => field.keys.text);
    const tail = textFields.slice(names.indexOf(free.at(-1)) + 1);
    const behind = [];
    for (let at = places.length - 1; at > last; at -= 1) {
      const field = tail.find((each) => each.keys.text === places[at].key);
      const end = places[at + 1]?.start ?? line.length;
      const isValue = field && (field.type.pattern === undefined || matches(field.type.pattern, line.slice(places[at].value, end)));
      if (!isValue || behind.includes(places[at]) || behind.some((place) => place.key === places[at].key)) break;
      behind.unshift(places[at]);
    }
    kept.push(...behind);
  }
  return kept.map((place, at) => {
    const value = line.slice(place.value, kept[at + 1]?.start ?? line.length);
    // Where a value can be anything, a separator in it would make fields of it.
    const hasSeparator = form.open && value.includes(" = ");
    if (hasSeparator || (value.includes("\r") && !free.includes(place.key))) throw new Refused("a separator");
    return [place.key, value];
  });
}

// ---- fmt=1

function decodeCsv(text, replies, expect, request) {
  const body = text.replace(/^(?:[ \t]*\r?\n)+/, "").replace(/(?:\r?\n[ \t]*)+$/, "");
  if (body.trim() === "") return emptyList(replies, expect);
  const [line, ...rest] = body.split(/\r?\n/);
  if (rest.length === 0) {
    const constant = replies.find((reply) => reply.constant === line);
    if (constant !== undefined) return new Map([["kind", constant.kind]]);
  }
  const error = replies.filter((reply) => reply.kind === "error");
  // Lines behind an error are not kept, but what can be the first line of a list is one.
  const lists = rest.length > 0 ? candidates(replies.filter((reply) => reply.many), line, request) : [];
  const refusal = lists.length === 0 ? candidates(error, line) : [];
  if (refusal.length > 0) return new Map([["kind", "error"], ...refusal[0].made]);
  const others = replies.filter((reply) => reply.kind !== "error" && (expect === undefined || reply.kind === expect));
  const found = candidates(others, line, request).filter(({ reply }) => rest.length === 0 || reply.many || inner(reply));
  if (found.length === 0) throw new Refused("no line");
  const lowest = Math.min(...found.map(({ layout }) => layout.rank ?? 0));
  const best = found.filter(({ layout }) => (layout.rank ?? 0) === lowest);
  if (best.some(({ reply, layout }) => reply !== best[0].reply || differs(layout, best[0].layout))) {
    throw new Refused("ambiguous");
  }
  const { reply, made } = best[0];
  if (reply.many) {
    const records = [made, ...rest.map((each) => one(candidates([reply], each, request)))];
    return new Map([["kind", reply.kind], [reply.many, records]]);
  }
  const list = inner(reply);
  if (rest.length > 0) {
    const lines = rest.filter((each) => !isNote(each));
    if (lines.length > 0) made.set(list.name, lines.map((each) => one(candidates([list.many], each))));
  }
  return new Map([["kind", reply.kind], ...made]);
}

const inner = (reply) => reply.fields.find((field) => field.many?.csv.length > 0);
const differs = (one, other) => JSON.stringify(one.when ?? {}) !== JSON.stringify(other.when ?? {});

function one(found) {
  if (found.length === 0) throw new Refused("no line of a list");
  const lowest = Math.min(...found.map(({ layout }) => layout.rank ?? 0));
  return found.find(({ layout }) => (layout.rank ?? 0) === lowest).made;
}

/** What a line can be, by the layouts that it fits; of a known request only those that are meant. */
function candidates(forms, line, request, lacking = false) {
  const found = [];
  for (const form of forms) {
    for (const layout of meant(form.csv, request)) {
      try {
        found.push({ reply: form, layout, made: cellsIn(form, layout, line.split(","), lacking) });
      } catch (trouble) {
        if (!(trouble instanceof Refused)) throw trouble;
      }
    }
  }
  return found.length > 0 || lacking ? found : candidates(forms, line, request, true);
}

function meant(layouts, request) {
  if (request === undefined) return layouts;
  const fitting = layouts.filter(({ when }) => {
    return Object.entries(when ?? {}).every(([name, value]) => (request.get(name) ?? "0") === value);
  });
  const named = fitting.filter(({ when }) => when !== undefined);
  return fitting.filter((layout) => layout.when !== undefined || layout.rank < 0 || !named.some((other) => collides(layout, other)));
}

const restOf = (layout) => layout.cells.findIndex((cell) => cell.rest !== undefined);

function collides(one, other) {
  const [few, many] = [one, other].sort((a, b) => a.cells.length - b.cells.length);
  return few.cells.length === many.cells.length || restOf(few) >= 0;
}

/** The members of a line; of one that is *lacking* some, their cells are empty. */
function cellsIn(form, layout, values, lacking) {
  const rest = restOf(layout);
  const more = values.length - layout.cells.length;
  if (more < 0 || (more > 0 && rest < 0)) throw new Refused("another number of cells");
  const cut = rest < 0 ? values : [...values.slice(0, rest), values.slice(rest, rest + more + 1).join(","), ...values.slice(rest + more + 1)];
  const members = new Map();
  for (const [at, cell] of layout.cells.entries()) {
    let value = cut[at];
    if (cell.const !== undefined) {
      if (value !== cell.const) throw new Refused("another word");
      continue;
    }
    if (cell.signed !== undefined && !value.startsWith("-")) throw new Refused("no sign");
    if (cell.only !== undefined && !matches(cell.pattern, value)) throw new Refused("another form");
    if (cell.maybe !== undefined && (value === "" || value === "0")) continue;
    if (cell.signed !== undefined) value = value.slice(1);
    const name = typeof cell === "string" ? cell : (cell.signed ?? cell.only ?? cell.maybe ?? cell.rest);
    const field = form.fields.find((each) => each.name === name);
    if (lacking && form.kind !== "error" && isAbsent(form, field, value)) continue;
    members.set(name, valueOf(field.type, value));
  }
  return members;
}

// ---- fmt=2

class Element {
  constructor(tag, attributes) {
    Object.assign(this, { tag, attributes, children: [], text: "" });
  }
}

const NAME = "[A-Za-z_][A-Za-z0-9_.-]*";
const MARKUP = new RegExp(
  `<(?:(?<open>${NAME})(?<attributes>(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(?<empty>/?)|/(?<close>${NAME})\\s*|` +
    "!\\[CDATA\\[(?<data>[^]*?)\\]\\]|!--(?:(?!--)[^])*--)>",
  "y",
);

function unescaped(text) {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));|&/g, (all, decimal, hexadecimal, name) => {
    const named = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }[name];
    if (named !== undefined) return named;
    if (decimal === undefined && hexadecimal === undefined) throw new Refused("an entity");
    return String.fromCodePoint(decimal ? Number(decimal) : parseInt(hexadecimal, 16));
  });
}

/** The elements at the top of a document, or of what has no root. */
function parseXml(text) {
  const body = text.trim().replace(/^<\?xml\s[^?]*\?>/, "").trim();
  const top = new Element("", new Map());
  const stack = [top];
  for (let at = 0; at < body.length; ) {
    const element = stack.at(-1);
    if (body[at] !== "<") {
      const end = body.indexOf("<", at);
      element.text += unescaped(body.slice(at, end < 0 ? body.length : end));
      at = end < 0 ? body.length : end;
      continue;
    }
    MARKUP.lastIndex = at;
    const match = MARKUP.exec(body);
    if (match === null) throw new Refused("no markup");
    at = MARKUP.lastIndex;
    const { open, attributes, empty, close, data } = match.groups;
    if (data !== undefined) element.text += data;
    if (close !== undefined) {
      if (stack.length < 2 || stack.pop().tag !== close) throw new Refused("another end tag");
    }
    if (open !== undefined) {
      const pairs = [...attributes.matchAll(new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "g"))];
      const inner = new Element(open, new Map(pairs.map(([, key, one, other]) => [key, unescaped(one ?? other)])));
      if (inner.attributes.size < pairs.length) throw new Refused("an attribute twice");
      element.children.push(inner);
      if (!empty) stack.push(inner);
      if (stack.length > DEPTH + 1) throw new Refused("too deep");
    }
  }
  if (stack.length > 1 || top.text.trim() !== "") throw new Refused("no end tag");
  return top.children;
}

/** The keys and values of an element: attributes, child elements, and its own text. */
function membersOf(form, element) {
  const lists = new Set(form.fields.filter((field) => field.many).map((field) => field.keys.xml));
  const own = form.fields.some((field) => field.keys.xml === ".");
  // An attribute with the name of its element is the same field as the text, which counts.
  const found = [...element.attributes].filter(([key]) => !(own && key === element.tag));
  for (const child of element.children) {
    found.push([own && child.tag === element.tag ? "." : child.tag, lists.has(child.tag) ? child : valueIn(child)]);
  }
  if (own && (element.children.length === 0 || element.text.trim() !== "")) found.push([".", element.text]);
  else if (!own && element.text.trim() !== "") throw new Refused("text between elements");
  return found;
}

/** What an element is as a value: its text, or the element itself if there are others in it. Attributes are not kept. */
const valueIn = (element) => (element.children.length > 0 ? element : element.text);

/** How far elements are from what a form has: a value given twice is worse than one with an attribute. */
function misfitsOf(form, elements) {
  const named = new Set(form.fields.map((field) => field.keys.xml));
  const known = elements.filter(({ tag }) => named.has(tag));
  const twice = known.length - new Set(known.map(({ tag }) => tag)).size;
  return 1000 * twice + known.filter((each) => each.attributes.size > 0).length;
}

function decodeXml(text, replies, expect) {
  if (TEXT.test(text.trimStart())) return decodePlain(text, replies);
  const elements = parseXml(text);
  const [root] = elements;
  if (root === undefined) throw new Refused("no element");
  const isErrorIn = (children) => children.some((child) => child.tag === "error_code");
  const isBare = isErrorIn(elements) && elements.every(({ tag }) => ["error", "error_code", "id"].includes(tag));
  const isError = isBare || (elements.length === 1 && isErrorIn(root.children));
  const misfits = new Map();
  const isList = replies.some((reply) => reply.many && reply.kind === expect);
  const isEmpty = elements.length === 1 && root.children.length === 0 && root.text.trim() === "";
  if (isList && isEmpty && root.tag === "result") return emptyList(replies, expect);
  return bestOf(replies, expect, (reply) => {
    if ((reply.kind === "error") !== isError) return undefined;
    if (reply.constant) {
      const is = elements.length === 1 && root.tag === "result" && root.children.length === 0;
      return is && root.text.trim() === reply.constant ? [] : undefined;
    }
    if (reply.many) {
      const items = itemsIn(reply, elements);
      if (items === elements) misfits.set(reply.kind, misfitsOf(reply, root.children));
      return [[reply.many, items.map((item) => record(reply, "xml", membersOf(reply, item)))]];
    }
    const has = (tag) => reply.xml.includes(tag);
    // Attributes of a root are not read.
    let whole = Object.assign(new Element(root.tag, new Map()), { children: root.children, text: root.text });
    if (elements.length > 1 || !has(root.tag) || root.children.length === 0) {
      if (!has(null) && !isBare) throw new Refused(`the root ${root.tag}`);
      whole = new Element("", new Map());
      whole.children = elements;
    }
    misfits.set(reply.kind, misfitsOf(reply, whole.children));
    return record(reply, "xml", membersOf(reply, whole), reply.allow_unknown);
  }, (kind) => misfits.get(kind) ?? 0);
}

/** The records of a list, with a root or without. */
function itemsIn(reply, elements) {
  const [root] = elements;
  if (elements.length === 1 && root.tag !== reply.item) {
    if (root.text.trim() !== "" || !(reply.xml.includes(root.tag) || root.children.length > 0)) throw new Refused("no list");
    // Nobody knows what the records of some lists are called.
    const isRecord = (child) => child.tag === root.children[0].tag && child.children.length + child.attributes.size > 0;
    const isAny = isGeneric(reply) && root.children.every(isRecord);
    const isNested = root.children.some((child) => child.children.some((value) => value.children.length > 0));
    if (isGeneric(reply) && isNested) throw new Refused("an element in a value");
    if (!isAny && root.children.some((child) => child.tag !== reply.item)) throw new Refused("another element");
    return root.children;
  }
  if (elements.some((element) => element.tag !== reply.item)) throw new Refused("another element");
  return elements;
}

/** The text of a body: in the charset that was named, else UTF-8, else that of an XML declaration, else windows-1251. */
function textOf(bytes, charset) {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    if (bytes.includes(0)) return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be", { fatal: true }).decode(bytes);
  }
  let body = bytes;
  while (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) body = body.subarray(3);
  const read = (name) => {
    if (name === "windows-1251" && body.includes(0x98)) throw new Refused("a byte that windows-1251 does not have");
    return new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(body);
  };
  if (charset !== undefined && charset !== "utf-8") return read(charset);
  try {
    return read("utf-8");
  } catch {
    if (charset !== undefined) throw new Refused("no UTF-8");
  }
  const said = /^\s*<\?xml\s[^>]*encoding\s*=\s*["']([\w-]+)["']/.exec(body.toString("latin1"))?.[1].toLowerCase();
  if (said === undefined) return read("windows-1251");
  if (!["windows-1251", "cp1251", "koi8-r"].includes(said)) throw new Refused("another charset");
  return read(said === "koi8-r" ? said : "windows-1251");
}

/** The format that a body is in. */
function formatOf(text) {
  if (/^\s*</.test(text)) return 2;
  if (/^\s*[[{]/.test(text)) return 3;
  if (text.trim() === "") throw new Refused("nothing");
  return TEXT.test(text.trimStart()) ? 0 : 1;
}

// ---- The table of cases.

const READERS = [decodeText, decodeCsv, decodeXml, decodeJson];

/** Compare a row with what its endpoint's replies are; the format that it was compared in. */
function compare(row, replies) {
  const bytes = row.has("body") ? Buffer.from(row.get("body"), "utf8") : Buffer.from(row.get("body_base64"), "base64");
  const [asked, expect, request] = [row.get("fmt"), row.get("expect"), row.get("request")];
  let fmt;
  let reply;
  try {
    const text = textOf(bytes, row.get("charset"));
    fmt = asked === null ? formatOf(text) : Number(asked.text);
    reply = READERS[fmt](text, replies, expect, request);
    if (expect !== undefined && ![expect, "error"].includes(reply.get("kind"))) throw new Refused(reply.get("kind"));
  } catch (trouble) {
    if (!(trouble instanceof Refused) && !(trouble instanceof TypeError && trouble.code === "ERR_ENCODING_INVALID_ENCODED_DATA")) {
      throw trouble;
    }
    if (row.has("error")) return fmt;
    throw new Error(`refused (${trouble.message}), expected ${spelled(row.get("reply"))}`);
  }
  const wanted = row.has("error") ? `the error ${row.get("error").get("code")}` : spelled(row.get("reply"));
  if (spelled(reply) !== wanted) throw new Error(`read as ${spelled(reply)}, expected ${wanted}`);
  return fmt;
}

/** Each example is valid, and is not with a member more, or without one that is required. */
function checkExamples(schemas) {
  let count = 0;
  for (const [file, schema] of schemas.files) {
    for (const [index, example] of (schema.get("examples") ?? []).entries()) {
      const wrong = [new Map([...example, ["unknown", null]]), new Map([...example].slice(1)), null];
      if (!schemas.holds(example, file)) throw new Error(`${file}: the example ${index + 1} is not valid`);
      if (wrong.some((other) => schemas.holds(other, file))) throw new Error(`${file}: anything is valid`);
      count += 1;
    }
  }
  if (count === 0) throw new Error("there are no schemas with examples");
  return count;
}

/** The files of rows in a folder, each with its name and its lines. */
function tables(folder, prefix) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
  return names.map((name) => {
    const lines = readFileSync(join(folder, name), "utf8").split("\n").filter((line) => line !== "");
    if (lines.length === 0) throw new Error(`${prefix}${name}: there is no row in it`);
    return [`${prefix}${name.replace(".jsonl", "")}`, lines];
  });
}

function check(folder) {
  const schemas = new Schemas(folder);
  const examples = checkExamples(schemas);
  const endpoints = JSON.parse(readFileSync(join(folder, "endpoints.json"), "utf8"));
  const compared = [0, 0, 0, 0];
  const troubles = [];
  let rows = 0;
  // The first endpoint's rows stand in the folder itself, those of each other one in a folder of its name.
  for (const [index, [endpoint, replies]] of Object.entries(endpoints).entries()) {
    const counts = [0, 0, 0, 0];
    for (const [name, lines] of index === 0 ? tables(folder, "") : tables(join(folder, endpoint), `${endpoint}/`)) {
      for (const [at, line] of lines.entries()) {
        try {
          const row = parseJson(line);
          if (!schemas.holds(row, "vector.schema.json")) throw new Error("not valid by vector.schema.json");
          rows += 1;
          const fmt = compare(row, replies);
          if (fmt !== undefined) counts[fmt] += 1;
        } catch (trouble) {
          troubles.push(`${name}:${at + 1}: ${trouble.message}`);
        }
      }
    }
    if (troubles.length > 0) throw new Error(troubles.join("\n"));
    for (const [fmt, count] of counts.entries()) {
      if (count === 0) throw new Error(`no row of ${endpoint}.php with fmt=${fmt} was compared`);
      compared[fmt] += count;
    }
  }
  const words = compared.map((count, fmt) => `${count} in fmt=${fmt}`).join(", ");
  return `valid: ${examples} examples, ${rows} rows of ${Object.keys(endpoints).length} endpoints; compared: ${words}`;
}

try {
  console.log(check(process.argv[2] ?? fileURLToPath(new URL(".", import.meta.url))));
} catch (trouble) {
  console.error(trouble.message);
  process.exitCode = 1;
}
