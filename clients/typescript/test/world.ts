/** A client's state machine against a model server, in one thread and without time of its own. */

import assert from 'node:assert/strict'
import type { Action } from '../src/actions.ts'
import type { ClientError } from '../src/errors.ts'
import type { PersonPresence } from '../src/items.ts'
import { DEFAULT_POLICY, type Policy } from '../src/policy.ts'
import type {
  Accepted,
  EventFrame,
  Heads,
  PostMessage,
  Position,
  Refused,
  RoomHead,
  ServerFrame,
  SessionLimits,
  Signalled,
  Subscribed,
  Unknown,
  Welcome,
} from '../src/protocol.ts'
import { ClientState } from '../src/state.ts'
import type { SentFrame } from '../src/wire.ts'

export const USER = `user:${'1'.repeat(32)}`
export const ROOMS = [`room:${'a'.repeat(32)}`, `room:${'b'.repeat(32)}`] as const
export const LIMITS: SessionLimits = {
  frame_bytes_max: 65536,
  subscriptions_max: 200,
  inflight_commands_max: 256,
  commands_per_s: 20,
  commands_burst: 60,
  signals_per_s: 5,
  resume_events_max: 1000,
  resend_for_s: 86400,
}

export function clientId(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
}

export function post(number: number, stream: string = ROOMS[0]): PostMessage {
  return { t: 'room.post', client_id: clientId(number), stream, body: String(number) }
}

export function welcome(changes: Partial<Omit<Welcome, 'limits'>> & { limits?: Partial<SessionLimits> } = {}): Welcome {
  return {
    t: 'welcome',
    session: 's',
    user: USER,
    node: 'n',
    at: 0,
    protocol: 1,
    heartbeat_s: 20,
    token_expires_at: 3_600_000,
    ...changes,
    limits: { ...LIMITS, ...changes.limits },
  }
}

export function accepted(client_id: string, stream: string | null = null, seq: number | null = null): Accepted {
  return { t: 'accepted', client_id, stream, seq, events: seq === null ? 0 : 1, answer: null }
}

export function refused(reply: Partial<Refused>): Refused {
  const nothing = { client_id: null, stream: null, field: null, retry: false, retry_after_s: null }
  return { t: 'refused', code: 'forbidden', message: 'no', ...nothing, ...reply }
}

export function unknown(client_id: string): Unknown {
  return { t: 'unknown', client_id, stream: null, retry_after_s: 1 }
}

export function event(stream: string, seq: number): EventFrame {
  const header = { stream, seq, at: seq, author: USER, type: 'room.posted', revokes: [], erases: [], marks: {} }
  return { t: 'event', header, payload: {} }
}

export function subscribed(
  stream: string,
  seq: number,
  { snapshot = false, to = null, incarnation = 1 }: { snapshot?: boolean; to?: string | null; incarnation?: number } = {},
): Subscribed {
  const view = snapshot ? {} : null
  return { t: 'subscribed', client_id: to, stream, incarnation, seq, head: seq, snapshot: view, present: [], present_count: 0 }
}

export function head(room: string, number: number): RoomHead {
  return { room, seq: number, number, read: 0, unread: 0, mentions: 0, peer_read: null }
}

export function heads(...rooms: RoomHead[]): Heads {
  return { t: 'heads', rooms, gone: [] }
}

export function gone(...rooms: string[]): Heads {
  return { t: 'heads', rooms: [], gone: rooms }
}

/** What the server tells when somebody is seen otherwise. */
export function seen(user: string, status: PersonPresence['status']): Signalled {
  const data = { count: status === 'offline' ? 0 : 1, [status]: [user] }
  return { t: 'signal', stream: `person:${user.slice(-32)}`, author: 'system', type: 'presence', data }
}

export function state(policy: Partial<Policy> = {}, renewable = true): ClientState {
  let next = 1e6
  return new ClientState({
    policy: { ...DEFAULT_POLICY, ...policy },
    renewable,
    uniform: (_low, high) => high,
    newClientId: () => clientId(next++),
  })
}

export function sent(actions: readonly Action[]): SentFrame[] {
  return only('send', actions).map(({ frame }) => frame)
}

export function only<D extends Action['do']>(wanted: D, actions: readonly Action[]): Extract<Action, { do: D }>[] {
  return actions.filter((action): action is Extract<Action, { do: D }> => action.do === wanted)
}

export function kinds(actions: readonly Action[]): string[] {
  return actions.map((action) => action.do)
}

export type Fault = 'none' | 'refuse' | 'unknown before' | 'unknown after'

/** Logs, receipts and one session. It keeps the promises whatever fault is asked of it. */
export class ModelServer {
  readonly logs = new Map<string, string[]>(ROOMS.map((room) => [room, []]))
  readonly receipts = new Map<string, number>()
  /** Client ids that are refused for good whenever they come. */
  readonly condemned = new Set<string>()
  readonly resumeEventsMax = 12
  /** The session's subscriptions: the last seq sent. */
  live = new Map<string, number>()
  /** The rooms whose heads the session watches. */
  watched: readonly string[] = []
  /** Of those, the heads it was told. */
  told = new Map<string, number>()
  /** How far the user has read. */
  readonly read = new Map<string, number>()
  /** The rooms that the user was kicked out of. */
  readonly left = new Set<string>()

  log(stream: string): string[] {
    const log = this.logs.get(stream)
    assert(log)
    return log
  }

  take(frame: SentFrame, fault: Fault): ServerFrame[] {
    switch (frame.t) {
      case 'hello': {
        this.forget()
        const answers = (frame.positions ?? []).flatMap((position) => this.#subscribe(position.stream, position, null))
        return [welcome({ limits: { commands_burst: 1000 } }), ...answers, ...this.news()]
      }
      case 'subscribe':
        if (fault === 'refuse') return [this.#refusal(frame.client_id, frame.stream)]
        return [...this.#subscribe(frame.stream, frame.since ?? null, frame.client_id), ...this.news()]
      case 'unsubscribe':
        this.live.delete(frame.stream)
        return [accepted(frame.client_id)]
      case 'room.post':
        return [...this.#post(frame, fault), ...this.news()]
      case 'watch_heads':
        if (fault === 'refuse') return [this.#refusal(frame.client_id)]
        this.watched = frame.rooms ?? []
        this.told = new Map()
        return [accepted(frame.client_id), ...this.news()]
      case 'mark_read':
        this.read.set(frame.room, Math.max(frame.number, this.read.get(frame.room) ?? 0))
        return []
      default:
        throw new Error(`${frame.t} is not modelled`)
    }
  }

  /** The session is gone. */
  forget(): void {
    this.live = new Map()
    this.watched = []
    this.told = new Map()
  }

  /** What the session hasn't got yet: events of its subscriptions, heads. */
  news(): ServerFrame[] {
    const frames: ServerFrame[] = []
    for (const [stream, seq] of this.live) {
      const head = this.log(stream).length
      for (let n = seq + 1; n <= head; n++) frames.push(event(stream, n))
      this.live.set(stream, head)
    }
    const lost = this.watched.filter((room) => this.left.has(room))
    this.watched = this.watched.filter((room) => !this.left.has(room))
    const changed = this.watched.filter((room) => this.told.get(room) !== this.log(room).length)
    for (const room of changed) this.told.set(room, this.log(room).length)
    const rooms = changed.map((room) => head(room, this.log(room).length))
    if (rooms.length + lost.length > 0) frames.push({ t: 'heads', rooms, gone: lost })
    return frames
  }

  #refusal(client_id: string, stream: string | null = null): Refused {
    return refused({ client_id, stream, code: 'rate_limited', retry: true, retry_after_s: 1 })
  }

  #post(frame: PostMessage, fault: Fault): ServerFrame[] {
    const known = this.receipts.get(frame.client_id)
    if (fault === 'unknown before') return [unknown(frame.client_id)]
    if (fault === 'refuse') return [frame.resend ? unknown(frame.client_id) : this.#refusal(frame.client_id)]
    if (this.condemned.has(frame.client_id)) return [refused({ client_id: frame.client_id })]
    const seq = known ?? this.log(frame.stream).push(frame.client_id)
    this.receipts.set(frame.client_id, seq)
    if (fault === 'unknown after') return [unknown(frame.client_id)]
    return [accepted(frame.client_id, frame.stream, seq)]
  }

  #subscribe(stream: string, since: Position | null, to: string | null): ServerFrame[] {
    const head = this.log(stream).length
    if (since === null || head - since.seq > this.resumeEventsMax) {
      this.live.set(stream, head)
      return [subscribed(stream, head, { snapshot: true, to })]
    }
    this.live.set(stream, since.seq)
    return [subscribed(stream, since.seq, { to })]
  }
}

/** Carries frames between the two, and keeps what the client was told. */
export class World {
  now = 0
  readonly server = new ModelServer()
  readonly client: ClientState
  up = false
  connectAt: number | null = null
  toServer: SentFrame[] = []
  toClient: ServerFrame[] = []
  /** Sent on connections that are gone; a server may still take them. */
  readonly stray: SentFrame[] = []
  readonly settled = new Map<string, (Accepted | ClientError)[]>()
  /** Per stream the seqs that were delivered, a snapshot as minus its seq minus 1. */
  readonly seen = new Map<string, number[]>(ROOMS.map((room) => [room, []]))
  readonly unread: string[] = []
  readonly issued: string[] = []
  watched: readonly string[] = []
  /** Of the rooms that are watched, the last head that was told. */
  heads = new Map<string, number | 'gone'>()
  /** The highest number of each room that was marked as read. */
  readonly marks = new Map<string, number>()

  constructor(policy: Partial<Policy> = {}) {
    this.client = state(policy)
    this.do(this.client.start())
  }

  do(actions: readonly Action[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'connect':
          this.connectAt = this.now + action.afterS
          break
        case 'disconnect':
          this.#cut()
          break
        case 'send':
          assert(this.up)
          this.toServer.push(action.frame)
          break
        case 'settle':
          this.settled.set(action.clientId, [...(this.settled.get(action.clientId) ?? []), action.outcome])
          break
        case 'deliver': {
          const { seq } = action.position
          this.seen.get(action.stream)?.push(action.frame.t === 'subscribed' ? -seq - 1 : seq)
          this.unread.push(action.stream)
          break
        }
        case 'deliverHeads':
          for (const { room, seq } of action.heads.rooms) {
            assert(this.watched.includes(room))
            this.heads.set(room, seq)
          }
          for (const room of action.heads.gone) {
            assert(this.server.left.has(room) && this.watched.includes(room))
            this.heads.set(room, 'gone')
          }
          break
        case 'watchedHeads':
          assert.deepEqual(this.#joined(this.server.watched), this.#joined(this.watched))
          break
        case 'opened':
        case 'wentOnline':
        case 'wentOffline':
        case 'ping':
          break
        default:
          throw new Error(action.do)
      }
    }
  }

  post(number: number, stream: string): void {
    const command = post(number, stream)
    this.issued.push(command.client_id)
    this.do(this.client.command(command, this.now))
  }

  watch(rooms: readonly string[]): void {
    this.watched = rooms
    this.heads = new Map([...this.heads].filter(([room]) => rooms.includes(room)))
    this.do(this.client.watchHeads(rooms, this.now))
  }

  mark(room: string, number: number): void {
    this.marks.set(room, Math.max(number, this.marks.get(room) ?? 0))
    this.do(this.client.markRead(room, number, this.now))
  }

  connect(): void {
    if (this.up || this.connectAt === null) return
    this.now = Math.max(this.now, this.connectAt)
    this.up = true
    this.connectAt = null
    this.do(this.client.connected('token', this.now))
  }

  drop(): void {
    if (!this.up) return
    this.#cut()
    this.do(this.client.disconnected(null, this.now))
  }

  serve(fault: Fault = 'none'): void {
    const frame = this.toServer.shift()
    if (frame) this.toClient.push(...this.server.take(frame, fault))
  }

  /** A frame of an old connection is taken late; its answer goes nowhere, its event to everyone. */
  serveStray(): void {
    const frame = this.stray.shift()
    if (!frame) return
    const told = this.server.take(frame, 'none').filter(({ t }) => t === 'event' || t === 'heads')
    this.toClient.push(...told)
  }

  hear(times = 1): void {
    const frame = this.toClient.shift()
    if (!frame) return
    const repeats = ['accepted', 'refused', 'unknown'].includes(frame.t) ? times : 1
    for (let n = 0; n < repeats; n++) {
      const before = this.toServer.length
      this.do(this.client.received(frame, this.now))
      if (frame.t === 'welcome' && this.up) this.#checkOrder(this.toServer.slice(before))
    }
  }

  read(): void {
    const stream = this.unread.shift()
    if (stream) this.do(this.client.consumed(stream, this.now))
  }

  wait(seconds: number): void {
    this.now += seconds
    this.do(this.client.elapsed(this.now))
  }

  /** Everything works from here on, until nothing is left to do. */
  settleDown(): void {
    for (let n = 0; n < 10_000; n++) {
      this.connect()
      if (this.toClient.length > 0) this.hear()
      else if (this.toServer.length > 0) this.serve()
      else if (this.unread.length > 0) this.read()
      else if (this.stray.length > 0) this.serveStray()
      else if (this.issued.every((who) => this.settled.has(who)) && this.caughtUp()) return
      else {
        const due = this.client.deadline()
        assert(due > this.now, 'a deadline that stays due would spin')
        this.now = due
        this.do(this.client.elapsed(due))
      }
    }
    assert.fail('it never settles down')
  }

  /** Whether every stream was delivered to its end. */
  caughtUp(): boolean {
    const heads = this.watched.every((room) => {
      return this.heads.get(room) === (this.server.left.has(room) ? 'gone' : this.server.log(room).length)
    })
    return heads && ROOMS.every((room) => {
      const end = this.seen.get(room)?.at(-1)
      const head = this.server.log(room).length
      return end === head || end === -head - 1
    })
  }

  #joined(rooms: readonly string[]): string[] {
    return rooms.filter((room) => !this.server.left.has(room))
  }

  #cut(): void {
    this.up = false
    this.stray.push(...this.toServer.filter((frame) => frame.t === 'room.post'))
    this.toServer = []
    this.toClient = []
    this.server.forget()
  }

  /** What is sent on a welcome goes out in the order in which it was issued. */
  #checkOrder(burst: readonly SentFrame[]): void {
    const order = burst.filter((f) => f.t === 'room.post').map((f) => this.issued.indexOf(f.client_id))
    assert.deepEqual(order, [...order].sort((a, b) => a - b))
  }
}
