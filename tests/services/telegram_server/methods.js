// The methods of the Bot API that the world knows: each takes the decoded parameters and returns the result, or throws a Refusal.
"use strict";

const { seconds, some, without } = require("./world");
const { badRequest } = require("./refusal");
const { sentText } = require("./text");

const ADMINISTRATOR = Object.fromEntries(
  [
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members", "can_change_info",
    "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
  ].map((right) => [right, true]),
);
const GIFTS = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"];
const ACTIONS = new Set(["typing", "upload_photo", "upload_document", "choose_sticker", "find_location"]);
const SCOPES = new Set([
  "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators", "chat_member",
]);

/** What the bot has done besides messages: read by the control routes. */
class Deeds {
  constructor() {
    this.actions = [];
    this.drafts = [];
    this.answers = [];
    this.commands = new Map();
  }
}

/** What a World and the Deeds in it answer, by the method's name. */
function methods(world, deeds) {
  const own = (id, messageId, what) => {
    const place = world.writable(id);
    const record = world.find(place.chat.id, messageId);
    if (!record) {
      throw badRequest(`message to ${what} not found`);
    }
    if (!record.byBot) {
      throw badRequest(`message can't be ${what === "edit" ? "edited" : "deleted"}`);
    }
    return record;
  };

  const change = (record, parameters, content) => {
    const before = record.message;
    const shown = ({ text, entities = [], reply_markup: markup }) => JSON.stringify([text, entities, markup]);
    if (shown(before) === shown(content)) {
      throw badRequest(
        "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply " +
          "markup of the message",
      );
    }
    const { text, entities = [], reply_markup: markup } = content;
    const rest = without(before, "text", "entities", "reply_markup");
    record.message = { ...rest, text, ...some({ entities }), ...(markup ? { reply_markup: markup } : {}), edit_date: seconds() };
    record.parameters = parameters;
    world.keepVersion(record);
    return record.message;
  };

  const commandsFor = ({ scope = { type: "default" }, language_code: language = "" }) => {
    if (!SCOPES.has(scope.type)) {
      throw badRequest("can't parse BotCommandScope: Unsupported type specified");
    }
    return [scope.type, scope.chat_id, scope.user_id, language].filter((part) => part !== undefined).join(" ");
  };

  return {
    getMe: () => ({ ...world.me, can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false }),

    getUpdates: (parameters, gone) => world.updates.next(parameters, gone),

    setWebhook({ url = "", secret_token: secret = "", drop_pending_updates: drops, allowed_updates: allowed, ...rest }) {
      if (secret.length > 256) {
        throw badRequest("secret token is too long");
      }
      if (!/^[A-Za-z0-9_-]*$/.test(secret)) {
        throw badRequest("secret token contains unallowed characters");
      }
      if (url && !/^https:\/\/|^http:\/\/127\.0\.0\.1[:/]/.test(url)) {
        throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
      }
      world.updates.allow(allowed);
      world.updates.drop(() => drops);
      if (url) {
        world.setWebhook({ url, secret_token: secret, ...rest }, world.token);
        world.updates.flush();
      } else {
        world.deleteWebhook(world.token);
      }
      return true;
    },

    deleteWebhook({ drop_pending_updates: drops }) {
      world.updates.drop(() => drops);
      world.deleteWebhook(world.token);
      return true;
    },

    getWebhookInfo: () => ({
      url: world.updates.webhook?.url ?? "",
      has_custom_certificate: false,
      pending_update_count: world.updates.queue.length,
    }),

    sendMessage(parameters) {
      const { text, entities } = sentText(parameters);
      const markup = keyboard(parameters.reply_markup);
      const place = world.writable(parameters.chat_id);
      const { message_id: id, allow_sending_without_reply: mayLack, quote, chat_id: other } = parameters.reply_parameters ?? {};
      if (other !== undefined && other !== place.chat.id) {
        throw badRequest("this server knows no replies to another chat");
      }
      const target = id === undefined ? undefined : world.find(place.chat.id, id);
      if (id !== undefined && !target && !mayLack) {
        throw badRequest("message to be replied not found");
      }
      if (quote && target && !(target.message.text ?? "").includes(quote)) {
        throw badRequest("QUOTE_TEXT_INVALID");
      }
      const topic = world.topicOf(place, parameters.message_thread_id, target);
      const fields = {
        ...(markup ? { reply_markup: markup } : {}),
        ...(parameters.link_preview_options ? { link_preview_options: parameters.link_preview_options } : {}),
      };
      const about = { topic, target, quote: target && quote, fields };
      return world.compose({ from: world.me, chat: place.chat, text, entities, ...about }, parameters).message;
    },

    editMessageText(parameters) {
      const content = sentText(parameters, { tooLong: "MESSAGE_TOO_LONG" });
      const markup = keyboard(parameters.reply_markup);
      const record = own(parameters.chat_id, parameters.message_id, "edit");
      const message = change(record, parameters, { ...content, reply_markup: markup });
      world.editMessageText(parameters);
      return message;
    },

    editMessageReplyMarkup(parameters) {
      const record = own(parameters.chat_id, parameters.message_id, "edit");
      const { text, entities } = record.message;
      const message = change(record, parameters, { text, entities, reply_markup: keyboard(parameters.reply_markup) });
      world.editMessageReplyMarkup(parameters);
      return message;
    },

    deleteMessage({ chat_id: chat, message_id: id }) {
      own(chat, id, "delete").deletedAt = Date.now() / 1000;
      return world.deleteMessage(chat, id);
    },

    sendChatAction({ chat_id: id, action, message_thread_id: thread }) {
      if (!ACTIONS.has(action)) {
        throw badRequest("wrong parameter action in request");
      }
      const place = world.writable(id);
      world.topicOf(place, thread);
      deeds.actions.push({ at: Date.now() / 1000, chat: place.chat.id, topic: thread ?? null, action });
      return true;
    },

    sendMessageDraft(parameters) {
      const { text, entities } = sentText(parameters, { mayBeEmpty: true });
      const { chat } = world.writable(parameters.chat_id);
      if (chat.type !== "private" || !parameters.draft_id) {
        throw badRequest(chat.type === "private" ? "DRAFT_ID_INVALID" : "TEXTDRAFT_PEER_INVALID");
      }
      deeds.drafts.push({ at: Date.now() / 1000, chat: chat.id, draft: parameters.draft_id, text, entities });
      return true;
    },

    answerCallbackQuery({ callback_query_id: id, text = "", show_alert: isAlert = false }) {
      const isOpen = world.updates.hasQuery(id) && !deeds.answers.some((answer) => answer.query === id);
      if (!isOpen) {
        throw badRequest("query is too old and response timeout expired or query ID is invalid");
      }
      if (text.length > 200) {
        throw badRequest("MESSAGE_TOO_LONG");
      }
      deeds.answers.push({ at: Date.now() / 1000, query: id, text, alert: isAlert });
      return true;
    },

    setMyCommands({ commands, ...whose }) {
      if (commands.length > 100 || commands.some(({ command }) => !/^[a-z0-9_]{1,32}$/.test(command))) {
        throw badRequest("BOT_COMMAND_INVALID");
      }
      if (commands.some(({ description }) => !description || description.length > 256)) {
        throw badRequest("BOT_COMMAND_DESCRIPTION_INVALID");
      }
      deeds.commands.set(commandsFor(whose), commands);
      return true;
    },

    getMyCommands: (whose) => deeds.commands.get(commandsFor(whose)) ?? [],

    deleteMyCommands(whose) {
      deeds.commands.delete(commandsFor(whose));
      return true;
    },

    getChat({ chat_id: id }) {
      const gifts = Object.fromEntries(GIFTS.map((kind) => [kind, false]));
      return { ...world.place(id).chat, accent_color_id: 0, max_reaction_count: 11, accepted_gift_types: gifts };
    },

    getChatMember({ chat_id: id, user_id: person }) {
      const { admins, standing } = world.writable(id);
      if (person === world.me.id) {
        return { user: world.me, status: standing };
      }
      if (!world.people.has(person)) {
        throw badRequest("PARTICIPANT_ID_INVALID");
      }
      const user = world.people.get(person);
      const rights = { ...ADMINISTRATOR, can_be_edited: false, is_anonymous: false };
      return admins.has(person) ? { user, status: "administrator", ...rights } : { user, status: "member" };
    },

    leaveChat({ chat_id: id }) {
      world.writable(id);
      world.setStanding(id, "left", world.me);
      return true;
    },

    setMyName: () => true,
    setMyDescription: () => true,
    setMyShortDescription: () => true,
    setChatMenuButton: () => true,
    setMyDefaultAdministratorRights: () => true,
  };
}

/** The inline keyboard of a message, if it has one; other keyboards are not known here. */
function keyboard(markup) {
  for (const button of markup?.inline_keyboard?.flat() ?? []) {
    const size = Buffer.byteLength(button.callback_data ?? "");
    if (!button.text) {
      throw badRequest("can't parse inline keyboard button: Field \"text\" must be non-empty"); // in words of our own
    }
    if (button.callback_data !== undefined && (size < 1 || size > 64)) {
      throw badRequest("BUTTON_DATA_INVALID");
    }
    if (button.url !== undefined && !/^(https?|tg):\/\/[^\s/]/.test(button.url)) {
      throw badRequest("BUTTON_URL_INVALID");
    }
    if (Object.keys(button).length < 2) {
      throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
    }
  }
  return markup?.inline_keyboard?.flat().length ? { inline_keyboard: markup.inline_keyboard } : undefined;
}

module.exports = { methods, Deeds };
