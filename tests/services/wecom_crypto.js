// Tencent's own half of the envelope: one JSON array a line comes in, a function of @wecom/crypto and its arguments; one JSON line goes out.

const readline = require('node:readline')
const crypto = require('@wecom/crypto')

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, ...given] = JSON.parse(line)
  const { random, ...opened } = Object(crypto[name](...given))
  const result = name === 'decrypt' ? { ...opened, random: random.toString('hex') } : crypto[name](...given)
  process.stdout.write(JSON.stringify(result) + '\n')
})
