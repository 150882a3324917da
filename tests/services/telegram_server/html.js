// Telegram's HTML, as strictly as Telegram reads it: https://core.telegram.org/bots/api#html-style.
// What the page leaves open (which characters end a name, what an unquoted value may hold, where which error is told) is as Telegram's
// own parser does it; its test cases stand in test_telegram_html.py.
"use strict";

const { badRequest } = require("./refusal");

const TYPES = new Map([
  ["b", "bold"], ["strong", "bold"],
  ["i", "italic"], ["em", "italic"],
  ["u", "underline"], ["ins", "underline"],
  ["s", "strikethrough"], ["strike", "strikethrough"], ["del", "strikethrough"],
  ["span", "spoiler"], ["tg-spoiler", "spoiler"],
  ["a", "text_link"],
  ["code", "code"], ["pre", "pre"],
  ["blockquote", "blockquote"],
  ["tg-emoji", "custom_emoji"],
]);
const NAMED = new Map([["lt", "<"], ["gt", ">"], ["amp", "&"], ["quot", '"']]);
const SCHEMES = new Set(["http:", "https:", "ftp:", "tg:", "ton:", "tonsite:"]);

/** The text without its tags, and the entities that the tags stand for, in the order in which they close. Throws a Refusal. */
function parseHtml(source) {
  return new Reader(source).read();
}

class Reader {
  constructor(source) {
    this.source = source;
    this.at = 0;
    this.text = "";
    this.open = [];
    this.entities = [];
  }

  read() {
    while (this.at < this.source.length) {
      if (this.source.startsWith("</", this.at)) {
        this.end();
      } else if (this.source[this.at] === "<") {
        this.start();
      } else {
        this.text += this.character();
      }
    }
    if (this.open.length) {
      throw this.error(`Can't find end tag corresponding to start tag "${this.open.at(-1).name}"`);
    }
    if (/\p{Surrogate}/u.test(this.text)) {
      throw this.error("Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units");
    }
    return { text: this.text, entities: this.entities };
  }

  start() {
    const begin = this.at++;
    const name = this.take(/[^ \t\r\n\v\0>]*/y).toLowerCase();
    if (this.at === this.source.length) {
      throw this.error("Unclosed start tag", begin);
    }
    if (!TYPES.has(name)) {
      throw this.error(`Unsupported start tag "${name}"`, begin);
    }
    const values = new Map();
    for (this.space(); this.source[this.at] !== ">"; this.space()) {
      const [attribute, value] = this.attribute(name, begin);
      values.set(attribute, value);
    }
    this.at++;
    if (name === "span" && values.get("class") !== "tg-spoiler") {
      throw this.error('Tag "span" must have class "tg-spoiler"', begin);
    }
    this.open.push({ name, values, offset: this.text.length });
  }

  attribute(tag, begin) {
    const attribute = this.take(/[^ \t\r\n\v\0=>]*/y);
    if (!attribute) {
      throw this.error(`Empty attribute name in the tag "${tag}"`, begin);
    }
    this.space();
    if (this.source[this.at] !== "=") {
      return [attribute, ""];
    }
    this.at++;
    this.space();
    if (this.at === this.source.length) {
      throw this.error(`Unclosed start tag "${tag}"`, begin);
    }
    const value = /["']/.test(this.source[this.at]) ? this.quoted() : this.token();
    if (this.at === this.source.length) {
      throw this.error("Unclosed start tag", begin);
    }
    return [attribute, value];
  }

  token() {
    const begin = this.at;
    const value = this.take(/[A-Za-z0-9.-]*/y).toLowerCase();
    if (!/[ \t\r\n\v\0>]|^$/.test(this.source.charAt(this.at))) {
      throw this.error("Unexpected end of name token", begin);
    }
    return value;
  }

  quoted() {
    const quote = this.source[this.at++];
    let value = "";
    while (this.at < this.source.length && this.source[this.at] !== quote) {
      value += this.character();
    }
    this.at += this.at < this.source.length;
    return value;
  }

  end() {
    const begin = this.at;
    if (!this.open.length) {
      throw this.error("Unexpected end tag", begin);
    }
    this.at += 2;
    const name = this.take(/[^ \t\r\n\v\0>]*/y).toLowerCase();
    this.space();
    if (this.source[this.at] !== ">") {
      throw this.error("Unclosed end tag", begin);
    }
    this.at++;
    const opened = this.open.pop();
    if (name && name !== opened.name) {
      throw this.error(`Unmatched end tag at byte offset ${this.bytes(begin)}, expected "</${opened.name}>", found "</${name}>"`);
    }
    const length = this.text.length - opened.offset;
    if (length) {
      this.close(opened, { type: TYPES.get(opened.name), offset: opened.offset, length });
    }
  }

  close({ name, values }, entity) {
    const before = this.entities.at(-1);
    const covers = before && before.offset === entity.offset && before.length === entity.length;
    const language = name === "code" && values.get("class")?.match(/^language-(.+)/s)?.[1];
    if (name === "a") {
      const link = target(values.get("href") || this.text.slice(entity.offset));
      if (link) {
        this.entities.push({ ...entity, ...link });
      }
    } else if (name === "tg-emoji") {
      if (!/^[1-9]\d*$/.test(values.get("emoji-id") ?? "")) {
        throw this.error("Invalid custom emoji identifier specified");
      }
      this.entities.push({ ...entity, custom_emoji_id: values.get("emoji-id") });
    } else if (name === "blockquote" && values.has("expandable")) {
      this.entities.push({ ...entity, type: "expandable_blockquote" });
    } else if (name === "pre" && covers && before.type === "code" && before.class) {
      this.entities.splice(-1, 1, { ...entity, language: before.class });
    } else if (language && covers && before.type === "pre") {
      before.language = language;
    } else if (language) {
      this.entities.push(Object.defineProperty(entity, "class", { value: language })); // not shown: only a pre around it is
    } else {
      this.entities.push(entity);
    }
  }

  character() {
    const begin = this.at;
    const reference = this.source[begin] === "&" && this.take(/&(?:#x[0-9a-fA-F]+|#\d+|[A-Za-z]+)/y);
    if (reference) {
      const digits = reference.match(/^&#(x?)(.*)/);
      const code = digits ? parseInt(digits[2], digits[1] ? 16 : 10) : 0;
      const decoded = digits
        ? reference.length < 10 && code > 0 && code < 0x10ffff && String.fromCodePoint(code)
        : NAMED.get(reference.slice(1));
      if (decoded) {
        this.at += this.source[this.at] === ";";
        return decoded;
      }
    }
    this.at = begin + 1;
    return this.source[begin];
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.source) ?? [""];
    this.at += found.length;
    return found;
  }

  space() {
    this.take(/[ \t\r\n\v\0]*/y);
  }

  bytes(at) {
    return Buffer.byteLength(this.source.slice(0, at));
  }

  error(what, at) {
    return badRequest(`can't parse entities: ${what}${at === undefined ? "" : ` at byte offset ${this.bytes(at)}`}`);
  }
}

/** What a link leads to; null where Telegram takes it for no address and leaves the words without a link. */
function target(address) {
  const person = address.match(/^tg:(?:\/\/)?user\?id=(\d+)$/i);
  if (person) {
    return { type: "text_mention", user: { id: Number(person[1]), is_bot: false, first_name: "" } };
  }
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `http://${address}`;
  if (/\s/.test(address) || !URL.canParse(whole)) {
    return null;
  }
  const url = new URL(whole);
  const isHost = url.protocol === "tg:" || url.protocol.startsWith("ton") || /\.|^localhost$|^\[/.test(url.hostname);
  return SCHEMES.has(url.protocol) && isHost ? { url: url.href } : null;
}

module.exports = { parseHtml };
