"use strict";

/** An answer other than 200: what Telegram says when it does not do what it is asked. */
class Refusal extends Error {
  constructor(status, description, parameters) {
    super(description);
    this.status = status;
    this.parameters = parameters;
  }

  get body() {
    const body = { ok: false, error_code: this.status, description: this.message };
    return this.parameters ? { ...body, parameters: this.parameters } : body;
  }
}

const badRequest = (what) => new Refusal(400, `Bad Request: ${what}`);

const tooMany = (seconds) => new Refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });

module.exports = { Refusal, badRequest, tooMany };
