// A second implementation: reads the rows in JSON and in comma-separated values with nothing but what stands beside
// this file. `node check.mjs [FOLDER]` exits with 0 if every row is in order, and with 1 and the row's name if not.
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

// ---- The two formats, to normalized JSON.

const NUMBER = /^(?:0|[1-9][0-9]{0,17})$/;
const CODE = /^(?:0|[1-9][0-9]?)$/;
const TEXT = /^(?:[A-Za-z_][A-Za-z0-9_]* = |OK(?:, | - |(?:\r?\n)?$))/;

const list = (senders) => new Map([["kind", "senders"], ["senders", senders]]);
const created = (id) => new Map([["kind", "created"], ["id", id]]);
const success = () => new Map([["kind", "success"]]);

function error(code, description, id) {
  const members = [["kind", "error"], ["code", code], ["description", description], ["id", id]];
  return new Map(members.filter(([, value]) => value !== undefined));
}

/** A number, bare or quoted. */
function number(value) {
  const text = value instanceof Num ? value.text : value;
  if (typeof text !== "string" || !NUMBER.test(text)) throw new Refused("no number");
  return new Num(text);
}

function name(value) {
  if (typeof value !== "string" || value === "") throw new Refused("no name");
  return value;
}

function decodeCsv(text) {
  const body = text.replace(/\r?\n$/, "");
  const refusal = /^([^,]*),-([^,]*)$/.exec(body);
  if (refusal !== null && NUMBER.test(refusal[1]) && NUMBER.test(refusal[2])) {
    return error(new Num(refusal[2]), undefined, refusal[1] === "0" ? undefined : new Num(refusal[1]));
  }
  if (body === "OK") return success();
  if (NUMBER.test(body)) return created(new Num(body));
  if (body === "") return list([]);
  if (!/[\n,]/.test(body)) throw new Refused("one value");
  return list(
    body.split(/\r?\n/).map((line) => {
      const cells = line.split(",");
      if (cells.length !== 2 && cells.length !== 3) throw new Refused(`${cells.length} values in a line`);
      const members = [["name", name(cells[0])], ["id", number(cells.at(-1))]];
      if (cells.length === 3) members.push(["status", number(cells[1])]);
      return new Map(members);
    }),
  );
}

/** An error or OK, which come as text although JSON was asked. */
function decodePlain(text) {
  if (/^OK(?:\r?\n)?$/.test(text)) return success();
  const match = /^ERROR = (\d+) \((.*)\)(?:, ID - (\d+))?(?:\r?\n)?$/.exec(text);
  if (match === null) throw new Refused("text that is neither an error nor OK");
  return error(number(match[1]), match[2] || undefined, match[3] && number(match[3]));
}

function decodeSender(members) {
  if (!(members instanceof Map)) throw new Refused("no object");
  const sender = new Map([["name", name(members.get("sender"))]]);
  const operators = new Map();
  const replacements = new Map();
  for (const [key, value] of members) {
    if (key === "id" || key === "status") {
      sender.set(key, number(value));
    } else if (key !== "sender") {
      const text = value instanceof Num && /^\d+$/.test(value.text) ? value.text : value;
      if (typeof text === "string" && CODE.test(text)) operators.set(key, new Num(text));
      else replacements.set(key, name(text));
    }
  }
  if (operators.size > 0) sender.set("operators", operators);
  if (replacements.size > 0) sender.set("replacements", replacements);
  return sender;
}

function decodeJson(text, expect) {
  if (TEXT.test(text)) return decodePlain(text);
  const value = parseJson(text);
  if (Array.isArray(value)) return list(value.map(decodeSender));
  if (!(value instanceof Map)) throw new Refused("neither an array nor an object");
  const keys = [...value.keys()].join();
  if (value.has("error_code")) {
    const [description, id] = [value.get("error"), value.get("id")];
    if (description !== undefined && typeof description !== "string") throw new Refused("no description");
    return error(number(value.get("error_code")), description, id === undefined ? undefined : number(id));
  }
  if (keys === "result" && value.get("result") === "OK") return success();
  const only = value.get("sender");
  const digits = typeof only === "string" && NUMBER.test(only);
  if (keys === "sender" && (only instanceof Num || (digits && expect !== "senders"))) return created(number(only));
  if (value.has("sender")) return list([decodeSender(value)]);
  throw new Refused(`an object with ${keys || "no members"}`);
}

/** The text of a body: in the charset that was named, else UTF-8, else windows-1251. */
function textOf(bytes, charset) {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = bytes.subarray(marked ? 3 : 0);
  const read = (name) => new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(body);
  if (charset !== undefined && charset !== "utf-8") return read(charset);
  try {
    return read("utf-8");
  } catch {
    if (charset !== undefined) throw new Refused("no UTF-8");
    return read("windows-1251");
  }
}

/** The format that a body is in, as far as it is one of the two. */
function formatOf(text) {
  if (/^\s*[[{]/.test(text)) return 3;
  return /^\s*</.test(text) || TEXT.test(text) || text.trim() === "" ? undefined : 1;
}

// ---- The table of cases.

/** Compare a row; the format that it was compared in, undefined for one that is not read here. */
function compare(row) {
  const bytes = row.has("body") ? Buffer.from(row.get("body"), "utf8") : Buffer.from(row.get("body_base64"), "base64");
  const [asked, expect] = [row.get("fmt"), row.get("expect")];
  const fmt = asked === null ? formatOf(bytes.toString("latin1")) : Number(asked.text);
  if (fmt !== 1 && fmt !== 3) return undefined;
  let reply;
  try {
    const text = textOf(bytes, row.get("charset"));
    reply = fmt === 1 ? decodeCsv(text) : decodeJson(text, expect);
    if (expect !== undefined && ![expect, "error"].includes(reply.get("kind"))) throw new Refused(reply.get("kind"));
  } catch (trouble) {
    if (!(trouble instanceof Refused)) throw trouble;
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

function check(folder) {
  const schemas = new Schemas(folder);
  const examples = checkExamples(schemas);
  const compared = { 1: 0, 3: 0 };
  let rows = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort()) {
    const lines = readFileSync(join(folder, file), "utf8").split("\n").filter((line) => line !== "");
    if (lines.length === 0) throw new Error(`${file}: there is no row in it`);
    for (const [index, line] of lines.entries()) {
      try {
        const row = parseJson(line);
        if (!schemas.holds(row, "vector.schema.json")) throw new Error("not valid by vector.schema.json");
        rows += 1;
        const fmt = compare(row);
        if (fmt !== undefined) compared[fmt] += 1;
      } catch (trouble) {
        throw new Error(`${file.replace(".jsonl", "")}:${index + 1}: ${trouble.message}`);
      }
    }
  }
  for (const [fmt, count] of Object.entries(compared)) {
    if (count === 0) throw new Error(`no row with fmt=${fmt} was compared`);
  }
  return `valid: ${examples} examples, ${rows} rows; compared: ${compared[1]} rows in fmt=1, ${compared[3]} in fmt=3`;
}

try {
  console.log(check(process.argv[2] ?? fileURLToPath(new URL(".", import.meta.url))));
} catch (trouble) {
  console.error(trouble.message);
  process.exitCode = 1;
}
