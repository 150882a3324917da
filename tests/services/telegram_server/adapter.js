// telegram-test-api as python-telegram-bot of today needs it. The server is theirs; the routes here stand before its own.
// For each line of standard input, `TOKEN USERNAME`, a world begins on a free port of the loopback interface, and its address is printed.
// When the input ends, so does every world.
"use strict";

const { createInterface } = require("node:readline");

const { routes } = require("telegram-test-api/lib/routes/index");

const { Calls } = require("./calls");
const { acts, views } = require("./control");
const { Faults } = require("./faults");
const { Deeds, methods } = require("./methods");
const { World } = require("./world");

routes.unshift((app, world) => {
  app.all(["/world/:name", "/bot:token/:method"], (request, response, next) => {
    world.serve(request, response).catch((error) => {
      console.error(error);
      next(error); // they answer 500
    });
  });
});

async function begin(token, username) {
  const world = new World(token, username);
  const [faults, deeds] = [new Faults(), new Deeds()];
  const calls = new Calls(world, methods(world, deeds), faults);
  const told = { POST: acts(world, faults), GET: views(world, deeds, calls) };

  world.serve = async (request, response) => {
    if (request.params.method) {
      await calls.answer(request, response);
    } else {
      response.json(told[request.method][request.params.name](request.body) ?? null);
    }
  };
  await world.start();
  console.log(`http://127.0.0.1:${world.server.address().port}`);
}

createInterface({ input: process.stdin })
  .on("line", (line) => begin(...line.split(" ")))
  .on("close", () => process.exit(0));
