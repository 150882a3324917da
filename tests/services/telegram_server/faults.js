// What goes wrong on demand: the next calls of a method, or every call beyond a rate.
"use strict";

const { tooMany } = require("./refusal");

const COUNTED = new Set(["sendmessage", "editmessagetext", "editmessagereplymarkup"]);

class Faults {
  constructor() {
    this.waiting = [];
    this.limits = new Map();
  }

  /** `{method, chat, times, kind, performed, status, description, parameters}`; `method` and `chat` left out are all of them. */
  add(fault) {
    this.waiting.push({ ...fault, method: fault.method?.toLowerCase(), left: fault.times ?? 1 });
  }

  /** The fault that this call meets, used up by one; undefined where it meets none. */
  next(method, chat) {
    const meets = (fault) => [undefined, method].includes(fault.method) && [undefined, chat].includes(fault.chat);
    const fault = this.waiting.find((each) => each.left > 0 && meets(each));
    if (fault) {
      fault.left--;
    }
    return fault;
  }

  /** So many messages and edits in so many seconds, as Telegram bears them in a group. */
  limit(chat, calls, seconds) {
    this.limits.set(chat, { calls, seconds, at: [] });
  }

  count(method, chat) {
    const limit = COUNTED.has(method) && this.limits.get(chat);
    if (!limit) {
      return;
    }
    const now = Date.now() / 1000;
    limit.at = limit.at.filter((at) => at > now - limit.seconds);
    if (limit.at.length >= limit.calls) {
      throw tooMany(Math.max(1, Math.ceil(limit.at[0] + limit.seconds - now)));
    }
    limit.at.push(now);
  }
}

module.exports = { Faults };
