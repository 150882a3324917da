// What a test says to the world and reads of it, under /world: see telegram_world.py.
"use strict";

const { findEntities } = require("./text");
const { CONFLICT } = require("./updates");

/** What is done, by the name it is posted to; returns what the test is told. */
function acts(world, faults) {
  /** Who writes to the bot in private has a chat with it from then on. */
  const begin = (id) => {
    if (world.people.has(id) && !world.places.has(id)) {
      const { first_name: name, username } = world.people.get(id);
      world.addChat({ id, type: "private", first_name: name, username });
    }
  };

  return {
    user: ({ user }) => void world.people.set(user.id, user),

    chat: ({ chat, topics, admins }) => world.addChat(chat, { topics, admins }),

    topic: ({ chat, name, by }) => world.addTopic(chat, name, by),

    /** Somebody says something: `kind` is message or channel_post. */
    say({ kind, from, chat: id, text, entities, topic, reply_to: replyTo, quote, fields }) {
      begin(id);
      const { chat, standing } = world.place(id);
      const target = replyTo ? world.find(id, replyTo) : undefined;
      const thread = topic ?? (target?.message.is_topic_message ? target.message.message_thread_id : undefined);
      const record = world.compose({ from, chat, text, entities, topic: thread, target, quote, fields });
      return { message: record.message, update: standing === "member" ? world.updates.add(kind, record.message) : null };
    },

    edit({ chat, id, text }) {
      const record = world.find(chat, id);
      record.message = { ...record.message, text, entities: findEntities(text), edit_date: Math.floor(Date.now() / 1000) };
      world.keepVersion(record);
      return { message: record.message, update: world.updates.add("edited_message", record.message) };
    },

    press: ({ from, chat, id, data }) => ({ update: world.pressed(from, world.place(chat).chat, id, data) }),

    erase: ({ chat, id }) => void (world.find(chat, id).deletedAt = Date.now() / 1000),

    stand: ({ chat, standing, by }) => ({ update: world.setStanding(chat, standing, by) }),

    migrate: ({ chat, to, by }) => world.migrate(chat, to, by),

    send: ({ kind, body }) => ({ update: world.updates.add(kind, body) }),

    again: ({ update }) => world.updates.repeat(update),

    /** The poll under way is over for that at once, as it is when another begins. */
    conflict({ times }) {
      const left = times - world.updates.interrupt();
      faults.add({ kind: "refuse", method: "getUpdates", times: left, status: 409, description: CONFLICT });
    },

    fault: (fault) => faults.add(fault),

    limit: ({ chat, calls, seconds }) => faults.limit(chat, calls, seconds),

    proxy: ({ known, here }) => world.updates.proxy(known, here),
  };
}

/** What is read, by the name it is got from. */
function views(world, deeds, calls) {
  return {
    messages: () => world.records,
    calls: () => calls.log,
    actions: () => deeds.actions,
    drafts: () => deeds.drafts,
    answers: () => deeds.answers,
    commands: () => Object.fromEntries(deeds.commands),
    deliveries: () => world.updates.deliveries,
    pending: () => world.updates.queue.map(({ updateId }) => updateId),
  };
}

module.exports = { acts, views };
