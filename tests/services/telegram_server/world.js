// The chats, people and messages around the bot, kept beside what telegram-test-api keeps: its counters, its queue and its web server
// are used, its answers are put right.
"use strict";

const TelegramServer = require("telegram-test-api");

const { findEntities } = require("./text");
const { Refusal, badRequest } = require("./refusal");
const { Updates } = require("./updates");

const GENERAL = 1; // the topic of a forum that cannot be named
const OUT = new Set(["kicked", "left"]);

const seconds = () => Math.floor(Date.now() / 1000);

class World extends TelegramServer {
  constructor(token, username) {
    super({ host: "127.0.0.1", storeTimeout: 24 * 3600 });
    this.config.port = 0;
    this.token = token;
    this.me = { id: Number(token.split(":")[0]), is_bot: true, first_name: "问约", username };
    this.people = new Map();
    this.places = new Map(); // by chat id: {chat, standing, topics, admins, last}
    this.records = []; // every message: {message, byBot, parameters, versions, deletedAt}
    this.updates = new Updates(this);
    this.privately = 0;
  }

  // --- chats -----------------------------------------------------------------------------------------------------------

  addChat(chat, { topics = [], admins = [] } = {}) {
    const last = 1; // the message that the chat was made
    this.places.set(chat.id, { chat, standing: "member", topics: new Set(topics), admins: new Set(admins), last });
  }

  /** A new topic. Its id is that of the message that tells of it, and everything in it that replies to nothing else replies to that. */
  addTopic(id, name, by) {
    const place = this.place(id);
    const { message } = this.compose({ from: by, chat: place.chat, fields: { forum_topic_created: { name, icon_color: 7322096 } } });
    Object.assign(message, { message_thread_id: message.message_id, is_topic_message: true });
    place.topics.add(message.message_id);
    return message.message_id;
  }

  place(id) {
    const place = this.places.get(Number(id));
    if (!place && this.people.has(Number(id))) {
      throw new Refusal(403, "Forbidden: bot can't initiate conversation with a user");
    }
    if (!place) {
      throw badRequest("chat not found");
    }
    return place;
  }

  /** The chat that the bot wants to write in; throws what Telegram says where it may not. */
  writable(id) {
    const place = this.place(id);
    const { chat, standing } = place;
    if (standing === "upgraded") {
      throw new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: place.upgradedTo });
    }
    if (OUT.has(standing)) {
      const how = { kicked: "was kicked from", left: "is not a member of" }[standing];
      throw new Refusal(403, `Forbidden: bot ${chat.type === "private" ? "was blocked by the user" : `${how} the ${chat.type} chat`}`);
    }
    return place;
  }

  /** The topic that a message of the bot goes to: named, or that of the message it replies to. */
  topicOf(place, thread, target) {
    if (thread === undefined) {
      return target?.message.is_topic_message ? target.message.message_thread_id : undefined;
    }
    if ((place.chat.is_forum && (thread === GENERAL || !place.topics.has(thread))) || place.chat.type === "private") {
      throw badRequest("message thread not found");
    }
    return place.chat.is_forum ? thread : undefined;
  }

  setStanding(id, standing, by) {
    const place = this.place(id);
    const member = (status) => ({ user: this.me, status, ...(status === "kicked" ? { until_date: 0 } : {}) });
    const [before, after] = [member(place.standing), member(standing)];
    place.standing = standing;
    const body = { chat: place.chat, from: by, date: seconds(), old_chat_member: before, new_chat_member: after };
    return this.updates.add("my_chat_member", body);
  }

  migrate(id, to, by) {
    const place = this.place(id);
    this.addChat({ ...place.chat, id: to, type: "supergroup" }, place);
    place.standing = "upgraded";
    place.upgradedTo = to;
    this.updates.add("message", this.compose({ from: by, chat: place.chat, fields: { migrate_to_chat_id: to } }).message);
    this.updates.add("message", this.compose({ from: by, chat: this.place(to).chat, fields: { migrate_from_chat_id: id } }).message);
  }

  // --- messages --------------------------------------------------------------------------------------------------------

  /** A record of a new message. Ids are counted as Telegram does: in each supergroup and channel alone, in all other chats together. */
  compose({ from, chat, text, entities, topic, target, quote, fields = {} }, sent) {
    const place = this.place(chat.id);
    const hasOwnCount = ["supergroup", "channel"].includes(chat.type);
    this.messageId = hasOwnCount ? ++place.last : ++this.privately;
    const message = { message_id: this.messageId, from, chat, date: seconds() };
    if (sent) {
      this.addBotMessage(sent, this.token); // their store, and their way of numbering
    }
    if (text !== undefined) {
      Object.assign(message, { text, ...some({ entities: entities ?? findEntities(text) }) });
    }
    const repliedTo = target ?? (topic === undefined ? undefined : this.find(chat.id, topic));
    if (repliedTo) {
      message.reply_to_message = without(repliedTo.message, "reply_to_message");
    }
    if (quote) {
      message.quote = { text: quote, position: (target.message.text ?? "").indexOf(quote), is_manual: true };
    }
    if (topic !== undefined) {
      Object.assign(message, { message_thread_id: topic, is_topic_message: true });
    } else if (target && chat.type === "supergroup") {
      message.message_thread_id = target.message.message_thread_id ?? target.message.message_id; // a thread of replies is no topic
    }
    Object.assign(message, fields);
    const record = { message, byBot: Boolean(sent), parameters: sent, versions: [], deletedAt: null };
    this.keepVersion(record);
    this.records.push(record);
    return record;
  }

  keepVersion(record) {
    const { text = "", entities = [], reply_markup: markup } = record.message;
    record.versions.push({ at: Date.now() / 1000, text, entities, keyboard: markup?.inline_keyboard ?? [] });
  }

  /** The message of a chat, if it was ever sent and is not deleted. */
  find(chat, id) {
    const is = ({ message }) => message.chat.id === Number(chat) && message.message_id === Number(id);
    return this.records.find((record) => is(record) && !record.deletedAt);
  }

  /** What the person who presses a button makes of it: a query about the message as it is now, or about one that is no more. */
  pressed(from, chat, id, data) {
    const record = this.find(chat.id, id);
    const message = record?.message ?? { message_id: id, chat, date: 0 };
    const query = { id: `${10 ** 15 + this.callbackId++}`, from, message, chat_instance: `${chat.id}`, data };
    return this.updates.add("callback_query", query);
  }
}

/** The lists that have something in them: Telegram says nothing of the others. */
function some(lists) {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length));
}

function without(object, ...names) {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

module.exports = { World, seconds, some, without };
