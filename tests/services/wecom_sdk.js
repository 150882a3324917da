// The official Node SDK, told what to do: one JSON command a line comes in, one JSON line goes out for whatever happens.

const readline = require('node:readline')
const { WSClient } = require('@wecom/aibot-node-sdk')

const settings = JSON.parse(process.argv[2])
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const client = new WSClient({ ...settings, logger: quiet })

const tell = (what, about = {}) => process.stdout.write(JSON.stringify({ what, ...about }) + '\n')
const frames = new Map()

for (const name of ['connected', 'authenticated', 'disconnected', 'reconnecting', 'error']) {
  client.on(name, (about) => tell(name, { about: about instanceof Error ? about.message : about ?? '' }))
}
for (const name of ['message', 'message.text', 'message.mixed', 'message.voice', 'event', 'event.enter_chat', 'event.template_card_event',
  'event.feedback_event', 'event.disconnected_event']) {
  client.on(name, (frame) => {
    frames.set(frame.body.msgid, frame)
    tell(name, { frame })
  })
}

const acts = {
  stream: ({ to, id, content, finish, feedback }) => client.replyStream(frames.get(to), id, content, finish, undefined, feedback),
  card: ({ to, card }) => client.replyTemplateCard(frames.get(to), card),
  welcome: ({ to, body }) => client.replyWelcome(frames.get(to), body),
  update: ({ to, card, users }) => client.updateTemplateCard(frames.get(to), card, users),
  push: ({ chat, body }) => client.sendMessage(chat, body),
  disconnect: async () => { client.disconnect(); return { errcode: 0 } },
}

readline.createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const command = JSON.parse(line)
    try {
      tell('did', { number: command.number, code: (await acts[command.act](command)).errcode })
    } catch (error) {
      tell('did', { number: command.number, code: error.errcode ?? null, said: error.errmsg ?? error.message })
    }
  })
  .on('close', () => process.exit(0))

client.connect()
