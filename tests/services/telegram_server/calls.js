// One call of the Bot API: noted in the order in which it came, met by what was told to go wrong, done, answered.
"use strict";

const { Refusal } = require("./refusal");

const WORDS = new Set([ // the rest of what a bot sends is JSON
  "text", "parse_mode", "url", "secret_token", "action", "callback_query_id", "language_code", "description", "short_description", "name",
]);

class Calls {
  constructor(world, methods, faults) {
    this.world = world;
    this.methods = new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), { name, method }]));
    this.faults = faults;
    this.log = [];
  }

  async answer(request, response) {
    const parameters = decoded({ ...request.query, ...request.body });
    const { name, method } = this.methods.get(request.params.method.toLowerCase()) ?? { name: request.params.method };
    const call = { at: Date.now() / 1000, method: name, parameters, result: null, description: "", status: 0 };
    this.log.push(call);
    const gone = new AbortController();
    response.on("close", () => gone.abort());

    const outcome = await this.outcome(call, request.params.token, method, gone.signal);
    call.result = outcome.result ?? null;
    if (outcome.hangs) {
      return; // the bot hears nothing, for as long as it waits
    }
    if (outcome.drops || gone.signal.aborted) {
      response.destroy();
      return;
    }
    call.status = outcome.refusal?.status ?? 200;
    call.description = outcome.refusal?.message ?? "";
    response.status(call.status).json(outcome.refusal?.body ?? { ok: true, result: outcome.result });
  }

  async outcome({ method: name, parameters }, token, method, gone) {
    try {
      if (token !== this.world.token) {
        throw new Refusal(401, "Unauthorized");
      }
      if (!method) {
        throw new Refusal(404, "Not Found: method not found");
      }
      const fault = this.faults.next(name.toLowerCase(), parameters.chat_id);
      if (fault?.kind === "refuse") {
        throw new Refusal(fault.status, fault.description, fault.parameters);
      }
      this.faults.count(name.toLowerCase(), parameters.chat_id);
      const result = fault && !fault.performed ? undefined : await method(parameters, gone);
      return { result, hangs: fault?.kind === "hang", drops: fault?.kind === "drop" };
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) {
        throw refusal;
      }
      return { refusal };
    }
  }
}

function decoded(parameters) {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, WORDS.has(name) ? value : fromJson(value)]));
}

function fromJson(value) {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

module.exports = { Calls };
