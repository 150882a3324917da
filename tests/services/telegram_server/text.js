// What Telegram makes of the words it is sent: entities marked and found, borders cut, limits held. Offsets and lengths are UTF-16 code
// units, which is what JavaScript counts in.
"use strict";

const { parseHtml } = require("./html");
const { badRequest } = require("./refusal");

const LONGEST = 4096; // UTF-16 units after parsing
const LARGEST = 1 << 15; // bytes of UTF-8 before parsing
const MOST = 100; // entities; formatting beyond them is lost

// What Telegram finds by itself. A Chinese character is a letter to it: right beside one, nothing is a mention or a command.
const FOUND = [
  ["mention", /(?<![\p{L}\p{N}_])@[A-Za-z0-9_]{4,32}(?![\p{L}\p{N}_])/gu],
  ["bot_command", /(?<![\p{L}\p{N}_/<>])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\p{L}\p{N}_/<>@])/gu],
  ["url", /\bhttps?:\/\/[^\s<>"«»]*[^\s<>"«».:;,('?!`]/gu],
];
const ALONE = new Set(["code", "pre"]); // nothing else can be in them
const QUOTES = new Set(["blockquote", "expandable_blockquote"]); // one cannot be in another
const UNTOUCHED = new Set([...ALONE, "text_link", "text_mention"]); // nothing is found in them

/** The text and entities of `text`, `parse_mode` and `entities` as a bot sends them. Throws a Refusal. */
function sentText({ text = "", parse_mode: mode = "", entities = [] }, { mayBeEmpty = false, tooLong = "message is too long" } = {}) {
  if (typeof text !== "string" || (!text && !mayBeEmpty)) {
    throw badRequest("message text is empty");
  }
  if (Buffer.byteLength(text) > LARGEST) {
    throw badRequest("text is too long");
  }
  const settled = settle(marked(text, mode.toLowerCase(), entities));
  if (!settled.text && !mayBeEmpty) {
    throw badRequest("text must be non-empty");
  }
  if (settled.text.length > LONGEST) {
    throw badRequest(tooLong);
  }
  return settled;
}

function marked(text, mode, entities) {
  if (mode && mode !== "none") {
    if (mode !== "html") {
      throw badRequest(mode.startsWith("markdown") ? "this server reads no Markdown" : "unsupported parse_mode");
    }
    return parseHtml(text);
  }
  for (const { offset, length } of entities) {
    if (!(offset >= 0 && length > 0 && offset + length <= text.length)) {
      throw badRequest(`entity at ${offset} with length ${length} is not within the text`); // in words of our own
    }
  }
  return { text, entities };
}

/** Cuts white space at both ends, drops formatting that Telegram does not show, adds what it finds by itself. */
function settle({ text, entities }) {
  const cut = text.length - text.trimStart().length;
  const whole = text.trim();
  const kept = [];
  const inside = entities.map((entity) => within(entity, cut, whole.length)).filter(({ length }) => length > 0);
  for (const entity of inOrder(inside.reverse())) { // what closes last is around the others
    const around = kept.filter(({ offset, length }) => entity.offset < offset + length);
    const isLost = around.some(({ type }) => ALONE.has(type) || (QUOTES.has(type) && QUOTES.has(entity.type)));
    if (!isLost) {
      kept.push(entity);
    }
  }
  const found = findEntities(whole).filter((entity) => !kept.some((other) => UNTOUCHED.has(other.type) && overlap(entity, other)));
  return { text: whole, entities: inOrder([...kept.slice(0, MOST), ...found]) };
}

/** What Telegram finds in plain words: mentions, commands, addresses. */
function findEntities(text) {
  return inOrder(
    FOUND.flatMap(([type, pattern]) =>
      [...text.matchAll(pattern)].map((match) => ({ type, offset: match.index, length: match[0].length })),
    ),
  );
}

function within(entity, cut, end) {
  const from = Math.max(entity.offset - cut, 0);
  const to = Math.min(entity.offset + entity.length - cut, end);
  return { ...entity, offset: from, length: to - from };
}

function inOrder(entities) {
  return [...entities].sort((one, other) => one.offset - other.offset || other.length - one.length);
}

function overlap(one, other) {
  return one.offset < other.offset + other.length && other.offset < one.offset + one.length;
}

module.exports = { sentText, findEntities };
