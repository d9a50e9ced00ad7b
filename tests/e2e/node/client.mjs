// A client of GatherUp made of plain npm packages: joins, posts, drops, resumes, and prints what it saw as JSON.
// Usage: node client.mjs ws://host:port/v1/stream TOKEN ROOM
import { randomUUID } from 'node:crypto'
import { decode, encode } from '@msgpack/msgpack'
import WebSocket from 'ws'

const [url, token, room] = process.argv.slice(2)
const report = { events: [], snapshots: 0, accepted: [] }
let position = null

class Session {
  constructor() {
    this.socket = new WebSocket(url, ['gatherup.v1.msgpack'])
    this.socket.binaryType = 'nodebuffer'
    this.waiting = []
    this.socket.on('message', (data) => this.take(decode(data)))
    this.socket.on('error', fail)
  }

  async open(positions) {
    await new Promise((resolve) => this.socket.once('open', resolve))
    this.send({ t: 'hello', token, protocol: 1, positions })
    return this.until((frame) => frame.t === 'welcome')
  }

  send(frame) {
    this.socket.send(encode(frame))
  }

  take(frame) {
    if (frame.t === 'subscribed') {
      report.snapshots += frame.snapshot == null ? 0 : 1
      position = { stream: frame.stream, incarnation: frame.incarnation, seq: frame.seq }
    } else if (frame.t === 'event') {
      if (frame.header.seq !== position.seq + 1) fail(`seq ${frame.header.seq} after ${position.seq}`)
      position = { ...position, seq: frame.header.seq }
      report.events.push({ seq: frame.header.seq, type: frame.header.type, body: frame.payload?.body ?? null })
    }
    this.waiting = this.waiting.filter(({ wanted, resolve }) => !(wanted(frame) && (resolve(frame), true)))
  }

  until(wanted) {
    return new Promise((resolve) => this.waiting.push({ wanted, resolve }))
  }

  async ask(command) {
    const client_id = command.client_id ?? randomUUID()
    const reply = this.until((frame) => frame.client_id === client_id)
    this.send({ ...command, client_id })
    return reply
  }

  async drop() {
    const closed = new Promise((resolve) => this.socket.once('close', resolve))
    this.socket.terminate()
    await closed
  }
}

function fail(why) {
  console.error(why)
  process.exit(1)
}

async function post(session, body) {
  const client_id = randomUUID()
  const reply = await session.ask({ t: 'room.post', client_id, stream: room, body })
  if (reply.t !== 'accepted') fail(JSON.stringify(reply))
  report.accepted.push(reply.seq)
  return client_id
}

async function seen(session, seq) {
  if (position.seq < seq) await session.until((f) => f.t === 'event' && f.header.seq >= seq)
}

const first = new Session()
await first.open([])
const joined = await first.ask({ t: 'room.join', stream: room })
if (joined.t !== 'accepted') fail(JSON.stringify(joined))
const subscribed = await first.ask({ t: 'subscribe', stream: room })
if (subscribed.t !== 'subscribed') fail(JSON.stringify(subscribed))
const client_id = await post(first, 'one')
await seen(first, report.accepted[0])
await first.drop()

// While nobody listens here, the test posts; a line on stdin tells that it has.
console.log('dropped')
await new Promise((resolve) => process.stdin.once('data', resolve))
process.stdin.pause()

const second = new Session()
await second.open([position])
const again = await second.ask({ t: 'room.post', client_id, stream: room, body: 'one', resend: true })
if (again.t !== 'accepted') fail(JSON.stringify(again))
report.accepted.push(again.seq)
await post(second, 'three')
await seen(second, report.accepted.at(-1))
second.socket.close(1000)
console.log(JSON.stringify(report))
