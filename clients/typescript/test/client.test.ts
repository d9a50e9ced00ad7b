/** The client over a connection that a test holds in its hands, and a clock that stands still. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { decode, encode } from '@msgpack/msgpack'
import { Client, type ConnectOptions, connect } from '../src/client.ts'
import { ClosedError, RefusedError, TokenDeniedError, UnknownOutcomeError } from '../src/errors.ts'
import type { Status } from '../src/items.ts'
import type { Clock, Connection, Connector, Listener } from '../src/ports.ts'
import type { ServerFrame } from '../src/protocol.ts'
import type { SentFrame } from '../src/wire.ts'
import { accepted, event, gone, head, heads, refused, ROOMS, seen, subscribed, USER, welcome } from './world.ts'

const [ROOM, OTHER] = ROOMS

/** Time goes on when a test says so. */
class StillClock implements Clock {
  #now = 0
  #timers: { time: number; run: () => void }[] = []

  now(): number {
    return this.#now
  }

  at(time: number, run: () => void): () => void {
    const timer = { time, run }
    if (time !== Infinity) this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  get waiting(): number {
    return this.#timers.length
  }

  async pass(seconds: number): Promise<void> {
    const end = this.#now + seconds
    await setImmediate()
    for (;;) {
      const [next] = this.#timers.filter(({ time }) => time <= end).sort((a, b) => a.time - b.time)
      if (!next) break
      this.#now = Math.max(this.#now, next.time)
      this.#timers = this.#timers.filter((other) => other !== next)
      next.run()
      await setImmediate()
    }
    this.#now = end
  }
}

/** One attempt of the client to connect. */
class Line implements Connection {
  queuedBytes = 0
  closed = false
  readonly sent: SentFrame[] = []
  readonly #listener: Listener

  constructor(listener: Listener) {
    this.#listener = listener
  }

  send(data: Uint8Array): void {
    assert(!this.closed)
    this.sent.push(decode(data) as SentFrame)
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    this.#listener.opened()
  }

  tell(...frames: ServerFrame[]): void {
    for (const frame of frames) this.#listener.received(encode(frame))
  }

  garble(): void {
    this.#listener.received(Uint8Array.of(0xc1))
  }

  lose(code: number | null = null): void {
    this.#listener.closed(code)
  }

  /** What was sent last; it must be of this type. */
  last<T extends SentFrame['t']>(t: T): Extract<SentFrame, { t: T }> {
    const frame = this.sent.at(-1)
    assert.equal(frame?.t, t)
    return frame as Extract<SentFrame, { t: T }>
  }
}

class Lines implements Connector {
  readonly all: Line[] = []

  connect(listener: Listener): Line {
    const line = new Line(listener)
    this.all.push(line)
    return line
  }

  get last(): Line {
    const line = this.all.at(-1)
    assert(line)
    return line
  }
}

interface Setup {
  client: Client
  clock: StillClock
  lines: Lines
  statuses: Status[]
}

async function starting(options: Partial<ConnectOptions> = {}): Promise<Setup> {
  const [clock, lines, statuses] = [new StillClock(), new Lines(), [] as Status[]]
  const randomness = { uniform: (_low: number, high: number) => high, bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)) }
  const onStatus = (status: Status) => statuses.push(status)
  const client = new Client(lines, { token: 'secret', clock, randomness, onStatus, ...options })
  await clock.pass(0)
  return { client, clock, lines, statuses }
}

async function online(options: Partial<ConnectOptions> = {}): Promise<Setup> {
  const setup = await starting(options)
  setup.lines.last.open()
  setup.lines.last.tell(welcome())
  await setup.client.online()
  return setup
}

async function following(): Promise<Setup & { stream: Awaited<ReturnType<Client['subscribe']>> }> {
  const setup = await online()
  const asked = setup.client.subscribe(ROOM)
  const { client_id } = setup.lines.last.last('subscribe')
  setup.lines.last.tell(subscribed(ROOM, 3, { snapshot: true, to: client_id }))
  return { ...setup, stream: await asked }
}

test('a command gets a client_id and its answer', async () => {
  const { client, lines } = await online()
  assert.equal(client.user, USER)
  const answer = client.send({ t: 'room.post', stream: ROOM, body: 'hi' })
  await setImmediate()
  const { client_id } = lines.last.last('room.post')
  assert.match(client_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  lines.last.tell(accepted(client_id, ROOM, 7))
  assert.equal((await answer).seq, 7)
})

test('a command that was sent is resent on the next connection', async () => {
  const { client, clock, lines } = await online()
  const answer = client.send({ t: 'room.post', stream: ROOM, body: 'hi' })
  await setImmediate()
  lines.last.lose()
  await clock.pass(1)
  assert.equal(lines.all.length, 2)
  lines.last.open()
  lines.last.tell(welcome())
  const resent = lines.last.last('room.post')
  assert.equal(resent.resend, true)
  lines.last.tell(refused({ client_id: resent.client_id, code: 'muted', retry: false }))
  lines.last.tell(refused({ client_id: resent.client_id, code: 'forbidden' }))
  await clock.pass(1)
  lines.last.tell(refused({ client_id: resent.client_id, code: 'forbidden' }))
  await assert.rejects(answer, (error) => error instanceof RefusedError && error.code === 'forbidden')
})

test('commands beyond the bound wait for their turn, in order', async () => {
  const { client, lines } = await online({ policy: { pendingCommandsMax: 1 } })
  const done: string[] = []
  const answers = ['a', 'b', 'c'].map(async (body) => {
    await client.send({ t: 'room.post', stream: ROOM, body })
    done.push(body)
  })
  for (const body of ['a', 'b', 'c']) {
    await setImmediate()
    const frame = lines.last.last('room.post')
    assert.equal(frame.body, body)
    lines.last.tell(accepted(frame.client_id))
  }
  await Promise.all(answers)
  assert.deepEqual(done, ['a', 'b', 'c'])
})

for (const body of ['\ud83d', 'a\ude00b', '\ude00\ud83d', `${'long '.repeat(50)}\ud83d`]) {
  test(`half an emoji is refused and never sent: ${JSON.stringify(body.slice(-8))}`, async () => {
    const { client, lines } = await online()
    await assert.rejects(client.send({ t: 'room.post', stream: ROOM, body }), (error) => {
      assert(error instanceof RefusedError)
      assert.deepEqual([error.code, error.field, error.retry], ['invalid', 'body', false])
      return true
    })
    lines.last.last('hello')
    const filter = { t: 'room.filter', stream: ROOM, words: ['good', body] } as const
    await assert.rejects(client.send(filter), { code: 'invalid', field: 'words' })
    void client.send({ t: 'room.post', stream: ROOM, body: '\u{1f600}' })
    await setImmediate()
    assert.equal(lines.last.last('room.post').body, '\u{1f600}')
  })
}

test('an aborted command is not resent', async () => {
  const { client, clock, lines } = await online()
  const abort = new AbortController()
  const answer = client.send({ t: 'room.post', stream: ROOM, body: 'hi' }, { signal: abort.signal })
  await setImmediate()
  abort.abort(new Error('enough'))
  await assert.rejects(answer, /enough/)
  lines.last.lose()
  await clock.pass(1)
  lines.last.open()
  lines.last.tell(welcome())
  assert.deepEqual(lines.last.sent.map(({ t }) => t), ['hello'])
})

test('closing settles what is pending and leaves nothing behind', async () => {
  const { client, clock, lines, statuses, stream } = await following()
  const answer = client.send({ t: 'room.post', stream: ROOM, body: 'hi' })
  await setImmediate()
  client.close()
  await assert.rejects(answer, UnknownOutcomeError)
  await assert.rejects(client.send({ t: 'room.join', stream: ROOM }), ClosedError)
  const items = []
  for await (const item of stream) items.push(item.kind)
  assert.deepEqual(items, ['snapshot', 'ended'])
  assert(lines.last.closed)
  assert.equal(clock.waiting, 0)
  assert.deepEqual(statuses.map(({ kind }) => kind), ['online', 'closed'])
})

test('closing between two attempts ends the attempts', async () => {
  const { client, clock, lines } = await online()
  lines.last.lose()
  client.close()
  assert.equal(clock.waiting, 0)
})

test('leaving the loop stops following', async () => {
  const { lines, stream } = await following()
  lines.last.tell(event(ROOM, 4))
  for await (const item of stream) {
    if (item.kind === 'event') break
  }
  assert.equal(lines.last.last('unsubscribe').stream, ROOM)
  assert.equal(stream.position?.seq, 4)
  assert.equal((await stream.next()).done, true)
})

test('a refused subscribe rejects, and the stream can be tried again', async () => {
  const { client, lines } = await online()
  const asked = client.subscribe(ROOM)
  lines.last.tell(refused({ client_id: lines.last.last('subscribe').client_id, stream: ROOM, code: 'not_found' }))
  await assert.rejects(asked, RefusedError)
  void client.subscribe(ROOM).catch(() => undefined)
  await assert.rejects(client.subscribe(ROOM), /followed already/)
})

test('signals and reads are items of their own, and typing yields to commands', async () => {
  const { client, lines, stream } = await following()
  await stream.next()
  lines.last.tell({ t: 'signal', stream: ROOM, author: USER, type: 'room.typing', data: {} })
  assert.equal((await stream.next()).value?.kind, 'signal')
  lines.last.tell({ t: 'signal', stream: ROOM, author: USER, type: 'read', data: { room: ROOM, user: USER, number: 3 } })
  assert.deepEqual((await stream.next()).value, { kind: 'read', stream: ROOM, room: ROOM, user: USER, number: 3 })
  client.signal({ t: 'room.typing', stream: ROOM })
  assert.equal(lines.last.last('room.typing').stream, ROOM)
  lines.last.queuedBytes = 1
  const before = lines.last.sent.length
  client.signal({ t: 'room.typing', stream: ROOM })
  assert.equal(lines.last.sent.length, before)
})

test('of the heads only the newest of each room waits', async () => {
  const { client, lines } = await online()
  const asked = client.watchHeads([ROOM, OTHER, ROOM])
  const frame = lines.last.last('watch_heads')
  assert.deepEqual(frame.rooms, [ROOM, OTHER])
  lines.last.tell(accepted(frame.client_id))
  const feed = await asked
  lines.last.tell(heads(head(ROOM, 1), head(OTHER, 1)), heads(head(ROOM, 2)))
  assert.deepEqual((await feed.next()).value, { kind: 'head', ...head(ROOM, 2) })
  assert.deepEqual((await feed.next()).value, { kind: 'head', ...head(OTHER, 1) })
  await assert.rejects(client.watchHeads([ROOM]), /watched already/)
  await assert.rejects(feed.watch([]), RangeError)
  feed.close()
  assert.deepEqual(lines.last.last('watch_heads').rooms, [])
  assert.equal((await feed.next()).done, true)
  await assert.rejects(feed.watch([ROOM]), /closed/)
  void client.watchHeads([ROOM])
})

test('heads end with the client', async () => {
  const { client, lines } = await online()
  const asked = client.watchHeads([ROOM])
  lines.last.tell(accepted(lines.last.last('watch_heads').client_id))
  const feed = await asked
  client.close()
  const { value } = await feed.next()
  assert(value?.kind === 'ended' && value.error instanceof ClosedError)
  assert.equal((await feed.next()).done, true)
})

test('a room that is gone is an item, and takes the place of its head', async () => {
  const { client, lines } = await online()
  const asked = client.watchHeads([ROOM, OTHER])
  lines.last.tell(accepted(lines.last.last('watch_heads').client_id))
  const feed = await asked
  lines.last.tell(heads(head(ROOM, 1), head(OTHER, 1)), gone(ROOM))
  assert.deepEqual((await feed.next()).value, { kind: 'gone', room: ROOM })
  assert.deepEqual((await feed.next()).value, { kind: 'head', ...head(OTHER, 1) })
  const again = feed.watch([ROOM])
  lines.last.tell(accepted(lines.last.last('watch_heads').client_id))
  await again
})

test('of the presence only the newest of each person waits', async () => {
  const { client, lines } = await online()
  const asked = client.watchPresence([USER, USER])
  const frame = lines.last.last('watch_presence')
  assert.deepEqual(frame.users, [USER])
  lines.last.tell(accepted(frame.client_id))
  const feed = await asked
  lines.last.tell(seen(USER, 'online'), seen(USER, 'busy'))
  assert.deepEqual((await feed.next()).value, { kind: 'presence', user: USER, status: 'busy' })
  await assert.rejects(client.watchPresence([USER]), /watched already/)
  feed.close()
  assert.deepEqual(lines.last.last('watch_presence').users, [])
  const refusal = client.watchPresence([USER])
  lines.last.tell(accepted(lines.last.last('watch_presence').client_id))
  const { client_id } = lines.last.last('watch_presence')
  lines.last.tell(refused({ client_id, code: 'too_many' }))
  await assert.rejects(refusal, (error) => error instanceof RefusedError && error.code === 'too_many')
  const another = client.watchPresence([USER])
  lines.last.tell(accepted(lines.last.last('watch_presence').client_id))
  const last = await another
  client.close()
  const { value } = await last.next()
  assert(value?.kind === 'ended' && value.error instanceof ClosedError)
})

test('a status is told to every session', async () => {
  const { client, clock, lines } = await online()
  client.setStatus('invisible')
  assert.equal(lines.last.last('set_status').status, 'invisible')
  lines.last.lose()
  await clock.pass(1)
  lines.last.open()
  lines.last.tell(welcome())
  assert.equal(lines.last.last('hello').status, 'invisible')
  client.close()
  client.setStatus('online')
})

test('a silent server is asked, then left', async () => {
  const { clock, lines, statuses } = await online()
  await clock.pass(20)
  const { client_id } = lines.last.last('ping')
  lines.last.tell(accepted(client_id))
  await clock.pass(20)
  assert.equal(lines.last.sent.filter(({ t }) => t === 'ping').length, 2)
  await clock.pass(20)
  assert(lines.all[0]?.closed)
  assert.deepEqual(statuses.map(({ kind }) => kind), ['online', 'offline'])
})

test('what can not be read is a violation: reconnect and resume', async () => {
  const { client, clock, lines } = await following()
  lines.last.garble()
  assert.equal(client.violations, 1)
  await clock.pass(1)
  lines.last.open()
  assert.deepEqual(lines.last.last('hello').positions, [{ stream: ROOM, incarnation: 1, seq: 3 }])
})

test('an attempt that leads nowhere is given up', async () => {
  const { clock, lines, statuses } = await starting({ policy: { connectTimeoutS: 3 } })
  await clock.pass(3)
  assert(lines.all[0]?.closed)
  await clock.pass(1)
  assert.equal(lines.all.length, 2)
  lines.all[0]?.lose(4100) // what an old connection still says is nobody's business
  await setImmediate()
  assert.deepEqual(statuses.map(({ kind }) => kind), ['offline'])
})

test('a connector that throws is tried again, and why is told', async () => {
  const failure = new Error('not allowed')
  const { clock, statuses } = await starting()
  const connector = { connect: () => { throw failure } }
  const told: Status[] = []
  new Client(connector, { token: 't', clock, onStatus: (status) => told.push(status) })
  await clock.pass(1)
  assert(told.length > 1 && told.every((status) => status.kind === 'offline' && status.cause === failure))
  assert.deepEqual(statuses, [])
})

test('the server turns the client away for good', async () => {
  const { client, lines } = await starting()
  lines.last.open()
  lines.last.lose(4103)
  await assert.rejects(client.online(), (error) => error instanceof ClosedError && error.code === 4103)
})

test('an aborted connect closes the client', async () => {
  const options = { token: 't', connector: new Lines(), clock: new StillClock() }
  await assert.rejects(connect('', { ...options, signal: AbortSignal.abort() }), ClosedError)
  const abort = new AbortController()
  const connecting = connect('', { ...options, signal: abort.signal })
  abort.abort()
  await assert.rejects(connecting, ClosedError)
})

// --- tokens ----------------------------------------------------------------------------------------------------

test('a provider that fails is asked again, and why is told', async () => {
  const failure = new Error('offline')
  const answers = [() => Promise.reject(failure), () => Promise.resolve('good')]
  const { clock, lines, statuses } = await starting({ token: () => answers.shift()?.() ?? Promise.reject(failure) })
  await clock.pass(1)
  lines.last.open()
  assert.equal(lines.last.last('hello').token, 'good')
  assert(statuses[0]?.kind === 'offline' && statuses[0].cause === failure)
})

test('a provider that has no token ever again closes the client', async () => {
  const token = () => Promise.reject(new TokenDeniedError('signed out'))
  const { client, clock } = await starting({ token })
  await assert.rejects(client.online(), /signed out/)
  assert.equal(clock.waiting, 0)
})

test('a provider that never answers is asked again', async () => {
  let asked = 0
  const token = () => {
    asked += 1
    return new Promise<string>(() => undefined)
  }
  const { clock } = await starting({ token, policy: { connectTimeoutS: 2 } })
  await clock.pass(5)
  assert.equal(asked, 3)
})

test('a token is renewed in its session', async () => {
  let number = 0
  const { clock, lines } = await online({ token: async () => `token ${number++}`, policy: { tokenRefreshFraction: 0.5 } })
  for (let time = 0; time < 1800; time += 15) {
    await clock.pass(15)
    lines.last.tell(event(OTHER, 1)) // of a stream that isn't followed: a sign of life
  }
  assert.equal(lines.all.length, 1)
  assert.equal(lines.last.last('refresh_token').token, 'token 1')
})
