// How updates reach the bot: by long polls that honour the offset, or by a webhook with the secret in a header.
"use strict";

const { setTimeout: sleep } = require("node:timers/promises");

const { Refusal } = require("./refusal");

const TRIES = 3; // of one update, until another one comes
const BETWEEN = 300; // milliseconds between tries
const CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const NOT_BY_DEFAULT = new Set(["chat_member", "message_reaction", "message_reaction_count"]);

class Updates {
  constructor(world) {
    this.world = world;
    this.past = new Map(); // by update id
    this.allowed = []; // as the bot said last; none is Telegram's own choice
    this.proxies = new Map();
    this.deliveries = [];
    this.poll = null;
  }

  get queue() {
    return this.world.storage.userMessages;
  }

  get webhook() {
    return this.world.webhooks[this.world.token];
  }

  allow(kinds) {
    this.allowed = kinds ?? this.allowed;
  }

  /** The new update; null where the bot does not want its kind. */
  add(kind, body) {
    if (this.allowed.length ? !this.allowed.includes(kind) : NOT_BY_DEFAULT.has(kind)) {
      return null;
    }
    const update = structuredClone({ update_id: this.world.updateId++, [kind]: body });
    this.past.set(update.update_id, update);
    this.offer({ updateId: update.update_id, update });
    return update;
  }

  /** Deliver an update once more, whether or not the bot has confirmed it. */
  repeat(id) {
    this.offer({ updateId: id, update: this.past.get(id), again: true });
  }

  offer(entry) {
    this.queue.push({ time: Date.now(), botToken: this.world.token, isRead: false, ...entry });
    this.poll?.wake();
    this.flush();
  }

  hasQuery(id) {
    return [...this.past.values()].some((update) => update.callback_query?.id === id);
  }

  // --- long polls ------------------------------------------------------------------------------------------------------

  async next({ offset = 0, limit = 100, timeout = 0, allowed_updates: allowed }, gone) {
    if (this.webhook) {
      throw new Refusal(409, HOOKED);
    }
    this.allow(allowed);
    this.drop(({ updateId, again }) => !again && updateId < (offset < 0 ? this.fromEnd(offset) : offset));
    if (!this.queue.length && timeout > 0) {
      await this.wait(timeout, gone);
    }
    const batch = gone.aborted ? [] : [...this.queue].sort((one, other) => one.updateId - other.updateId).slice(0, limit);
    this.drop((entry) => entry.again && batch.includes(entry));
    return batch.map(({ update }) => update);
  }

  fromEnd(offset) {
    return this.queue.at(offset)?.updateId ?? 0;
  }

  /** Until there is an update, the time is over, the bot has hung up, or another poll takes the place of this one. */
  async wait(timeout, gone) {
    this.interrupt();
    const poll = {};
    const timer = setTimeout(() => poll.wake(), timeout * 1000);
    gone.addEventListener("abort", () => poll.wake());
    this.poll = poll;
    try {
      await new Promise((wake, fail) => Object.assign(poll, { wake, fail }));
    } finally {
      clearTimeout(timer);
      this.poll = this.poll === poll ? null : this.poll;
    }
  }

  /** Ends the poll under way as if another had begun; how many there were. */
  interrupt() {
    this.poll?.fail(new Refusal(409, CONFLICT));
    return this.poll ? 1 : 0;
  }

  drop(which) {
    this.world.storage.userMessages = this.queue.filter((entry) => !which(entry));
  }

  // --- webhook ---------------------------------------------------------------------------------------------------------

  /** What is addressed to `known` is taken to `here`, as a proxy in front of the bot does. */
  proxy(known, here) {
    this.proxies.set(known, here);
  }

  flush() {
    for (const entry of this.webhook ? this.queue : []) {
      if (!entry.isUnderWay) {
        entry.isUnderWay = true;
        this.send(entry).finally(() => {
          entry.isUnderWay = false;
        });
      }
    }
  }

  async send(entry) {
    for (let tried = 0; tried < TRIES && this.webhook; tried++) {
      const status = await this.post(entry.update);
      this.deliveries.push({ at: Date.now() / 1000, update: entry.updateId, status });
      if (status >= 200 && status < 300) {
        this.drop((each) => each === entry);
        return;
      }
      await sleep(BETWEEN);
    }
  }

  async post(update) {
    const { url, secret_token: secret } = this.webhook;
    const headers = { "content-type": "application/json", ...(secret ? { "x-telegram-bot-api-secret-token": secret } : {}) };
    try {
      const reply = await fetch(this.proxies.get(url) ?? url, { method: "POST", headers, body: JSON.stringify(update) });
      await reply.arrayBuffer();
      return reply.status;
    } catch {
      return 0;
    }
  }
}

module.exports = { CONFLICT, Updates };
