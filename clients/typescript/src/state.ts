/**
 * The client as a pure state machine: connect, resume, resend, wait, come back. No I/O, no clock, no chance.
 *
 * Whoever drives it tells what happened (`connected`, `received`, `disconnected`, `elapsed` …) together with the time,
 * and carries out the returned actions in order. `deadline` says when `elapsed` is due at the latest. Times are seconds
 * of one monotonic clock. `client.ts` drives it over a WebSocket. It is the machine of the Python SDK
 * (gatherup/client/state.py): what changes there changes here.
 *
 *     waiting ──connected──► greeting ──welcome──► ready ──goodbye──► parting
 *        ▲                      │                    │                  │
 *        └──────────────── disconnected, silence, violation ◄───────────┘        finished: for good
 */

import type { Action } from './actions.ts'
import { mayComeBack } from './codes.ts'
import { PendingCommands } from './commands.ts'
import { ClosedError } from './errors.ts'
import { WatchedRooms } from './heads.ts'
import { Marks } from './marks.ts'
import type { Policy } from './policy.ts'
import {
  type Accepted,
  CLOSES,
  CloseCode,
  type Goodbye,
  HEARTBEAT_S,
  type Position,
  type Refused,
  type ServerFrame,
  type SetStatus,
  type Unknown,
  type Welcome,
} from './protocol.ts'
import { isOfPerson, OwnStatus, WatchedPeople } from './presence.ts'
import { Renewal } from './renewal.ts'
import { Subscriptions, ViolationError } from './subscriptions.ts'
import type { Command, SentSignal } from './wire.ts'

/**
 * Where the connection stands. *waiting*: there is none; the driver waits, or is making one. *greeting*: hello is sent,
 * welcome isn't here. *parting*: goodbye was said; the server is about to close, and takes nothing more.
 */
export type Phase = 'waiting' | 'greeting' | 'ready' | 'parting' | 'finished'

export interface StateOptions {
  readonly policy: Policy
  /** Whether the token comes from a provider: if not, an expired one ends the client. */
  readonly renewable: boolean
  /** A number between the two: the only chance there is, with `newClientId`. */
  readonly uniform: (low: number, high: number) => number
  readonly newClientId: () => string
}

/** One client's state over all its connections. */
export class ClientState {
  #phase: Phase = 'waiting'
  #violations = 0
  readonly #policy: Policy
  readonly #renewable: boolean
  readonly #uniform: (low: number, high: number) => number
  readonly #commands: PendingCommands
  readonly #subscriptions: Subscriptions
  readonly #watched: WatchedRooms
  readonly #people: WatchedPeople
  readonly #marks = new Marks()
  readonly #status = new OwnStatus()
  readonly #renewal: Renewal
  #attempts = 0
  /** When the present phase began. */
  #since = 0
  /** When this session began; infinity without one. */
  #readyAt = Infinity
  #heardAt = 0
  #pinged = false
  #goodbye: Goodbye | null = null
  #welcome: Welcome | null = null

  constructor({ policy, renewable, uniform, newClientId }: StateOptions) {
    this.#policy = policy
    this.#renewable = renewable
    this.#uniform = uniform
    this.#commands = new PendingCommands(policy)
    this.#subscriptions = new Subscriptions(policy, newClientId)
    this.#watched = new WatchedRooms(policy, newClientId)
    this.#people = new WatchedPeople(policy, newClientId)
    this.#renewal = new Renewal(policy, renewable, newClientId)
  }

  get phase(): Phase {
    return this.#phase
  }

  /** How often the server broke the order of a stream, or sent what can't be read. */
  get violations(): number {
    return this.#violations
  }

  // --- the user ----------------------------------------------------------------------------------------------

  /** The first thing to do; nothing if it was closed before. */
  start(): Action[] {
    return this.#phase === 'finished' ? [] : [{ do: 'connect', afterS: 0 }]
  }

  /**
   * Send a command as soon as its turn comes; exactly one settle follows, now or later.
   *
   * Throws ClosedError when finished, an Error when its client_id is pending already.
   */
  command(command: Command, now: number): Action[] {
    this.#checkOpen()
    this.#commands.add(command, now)
    return this.#flush(now)
  }

  /** Nobody waits for this command any more: no settle, no resend. */
  abandon(clientId: string, now: number): Action[] {
    this.#commands.abandon(clientId)
    return this.#flush(now)
  }

  /** Send an ephemeral signal, or drop it when there is no session. */
  signal(signal: SentSignal): Action[] {
    return this.#phase === 'ready' ? [{ do: 'send', frame: signal }] : []
  }

  /** Follow a stream: opened follows, or end. Throws ClosedError, or an Error if it is followed already. */
  follow(stream: string, since: Position | null, now: number): Action[] {
    this.#checkOpen()
    return this.#subscriptions.follow(stream, since, now)
  }

  /** Follow it no longer. */
  unfollow(stream: string, now: number): Action[] {
    return this.#subscriptions.unfollow(stream, now)
  }

  /** The stream's reader took one event or snapshot that was delivered. */
  consumed(stream: string, now: number): Action[] {
    return this.#subscriptions.consumed(stream, now)
  }

  /**
   * Watch the heads of these rooms instead of those before; none ends it.
   *
   * watchedHeads follows, or endHeads, unless there are none. Throws ClosedError.
   */
  watchHeads(rooms: readonly string[], now: number): Action[] {
    this.#checkOpen()
    return this.#watched.watch(rooms, now)
  }

  /** Tell that a room was read up to this message, as soon as there is a session. */
  markRead(room: string, number: number, now: number): Action[] {
    this.#marks.add(room, number)
    return this.#told(now)
  }

  /**
   * Watch the presence of these people instead of those before; none ends it.
   *
   * watchedPresence follows, or endPresence, unless there are none. Throws ClosedError.
   */
  watchPresence(users: readonly string[], now: number): Action[] {
    this.#checkOpen()
    return this.#people.watch(users, now)
  }

  /** Tell this session, and those after it, how the user wants to be seen. */
  setStatus(status: SetStatus['status'], now: number): Action[] {
    this.#status.set(status)
    return this.#told(now)
  }

  /** Close for good. What is pending is settled, unknown if it may have taken effect. */
  close(): Action[] {
    return [...this.#drop(), ...this.#finish(CloseCode.NORMAL, sentenceOf(CloseCode.NORMAL))]
  }

  /** There will be no token any more: close for good. */
  denied(message: string): Action[] {
    return [...this.#drop(), ...this.#finish(CloseCode.UNAUTHENTICATED, message)]
  }

  // --- the connection ----------------------------------------------------------------------------------------

  /** A connection is open, and this is the token to use on it. */
  connected(token: string, now: number): Action[] {
    if (this.#phase !== 'waiting') return [{ do: 'disconnect' }]
    this.#enter('greeting', now)
    const positions = this.#subscriptions.positions()
    return [{ do: 'send', frame: { t: 'hello', token, positions, status: this.#status.greeting() } }]
  }

  /** The connection is gone, or could not be made. `code` is the close code, if there was one. */
  disconnected(code: number | null, now: number): Action[] {
    if (this.#phase === 'finished') return []
    const why = this.#goodbye?.code ?? code
    const expired = why === CloseCode.TOKEN_EXPIRED && !this.#renewable
    if (why !== null && (expired || !mayComeBack(why))) return this.#finish(why, this.#sentence(why))
    return this.#comeBack(why, this.#sentence(why), now)
  }

  /** The server sent what it must not: drop the connection, come back and resume. */
  violated(why: string, now: number): Action[] {
    if (this.#phase === 'waiting' || this.#phase === 'finished') return []
    this.#violations += 1
    return [{ do: 'disconnect' }, ...this.#comeBack(null, why, now)]
  }

  /** A frame came from the server. */
  received(frame: ServerFrame, now: number): Action[] {
    this.#heard(now)
    if (this.#phase !== 'greeting' && this.#phase !== 'ready') return []
    try {
      return this.#received(frame, now)
    } catch (error) {
      if (error instanceof ViolationError) return this.violated(error.message, now)
      throw error
    }
  }

  /** The newer token that fetchToken asked for; null if there is none yet. */
  refreshed(token: string | null, now: number): Action[] {
    return this.#phase === 'ready' ? this.#renewal.fetched(token, now) : []
  }

  // --- time --------------------------------------------------------------------------------------------------

  /** Time passed. May be called at any time, must be called by `deadline`. */
  elapsed(now: number): Action[] {
    if (this.#phase === 'finished') return []
    const actions: Action[] = [...this.#commands.expired(now)]
    if (this.#silent(now)) {
      return [...actions, { do: 'disconnect' }, ...this.#comeBack(null, 'The server was silent.', now)]
    }
    if (this.#phase !== 'ready') return actions
    if (!this.#pinged && now >= this.#heardAt + this.#heartbeatS) {
      this.#pinged = true
      actions.push({ do: 'ping' })
    }
    for (const part of this.#asking) actions.push(...part.elapsed(now))
    return [...actions, ...this.#told(now), ...this.#flush(now)]
  }

  /** When `elapsed` has something to do at the latest; infinity for never. */
  deadline(): number {
    const commands = this.#commands.deadline()
    switch (this.#phase) {
      case 'finished':
        return Infinity
      case 'waiting':
        return commands
      case 'greeting':
        return Math.min(commands, this.#since + this.#policy.welcomeTimeoutS)
      case 'ready':
      case 'parting': {
        const silence = this.#pinged || this.#phase === 'parting' ? 2 : 1
        const alive = this.#heardAt + silence * this.#heartbeatS
        const parts = [...this.#asking, this.#marks, this.#status]
        return Math.min(commands, ...parts.map((part) => part.deadline()), alive)
      }
    }
  }

  // --- inside ------------------------------------------------------------------------------------------------

  get #heartbeatS(): number {
    return this.#welcome?.heartbeat_s ?? HEARTBEAT_S
  }

  #heard(now: number): void {
    this.#heardAt = now
    this.#pinged = false
  }

  #silent(now: number): boolean {
    switch (this.#phase) {
      case 'greeting':
        return now >= this.#since + this.#policy.welcomeTimeoutS
      case 'ready':
      case 'parting':
        return now >= this.#heardAt + 2 * this.#heartbeatS
      default:
        return false
    }
  }

  #received(frame: ServerFrame, now: number): Action[] {
    if (frame.t === 'goodbye') {
      this.#goodbye = frame
      this.#leave('parting', now)
      return []
    }
    if (this.#phase === 'greeting') {
      if (frame.t === 'welcome') return this.#welcomed(frame, now)
      throw new ViolationError("the first frame wasn't a welcome")
    }
    switch (frame.t) {
      case 'event':
        return this.#subscriptions.event(frame, now)
      case 'signal':
        return isOfPerson(frame) ? this.#people.signalled(frame) : this.#subscriptions.signalled(frame)
      case 'subscribed':
        return this.#subscriptions.subscribed(frame, now)
      case 'unsubscribed':
        return this.#subscriptions.unsubscribed(frame, now)
      case 'heads':
        return this.#watched.heads(frame)
      case 'accepted':
      case 'refused':
      case 'unknown':
        return this.#replied(frame, now)
      case 'welcome':
        throw new ViolationError('a welcome out of place')
    }
  }

  #welcomed(welcome: Welcome, now: number): Action[] {
    this.#enter('ready', now)
    this.#readyAt = now
    this.#welcome = welcome
    this.#commands.opened(welcome.limits, now)
    this.#marks.opened(welcome.limits)
    this.#status.opened()
    this.#renewal.opened(welcome, now)
    const asked = [this.#subscriptions, this.#watched, this.#people].flatMap((part) => part.opened(now))
    return [{ do: 'wentOnline', welcome }, ...this.#told(now), ...asked, ...this.#flush(now)]
  }

  #replied(reply: Accepted | Refused | Unknown, now: number): Action[] {
    for (const part of this.#asking) {
      const actions = part.replied(reply, now)
      if (actions !== null) return actions
    }
    const settled = this.#commands.answered(reply, now)
    return [...(settled ? [settled] : []), ...this.#flush(now)]
  }

  /** Those that ask the server something of their own. */
  get #asking(): [Renewal, Subscriptions, WatchedRooms, WatchedPeople] {
    return [this.#renewal, this.#subscriptions, this.#watched, this.#people]
  }

  #flush(now: number): Action[] {
    if (this.#phase !== 'ready') return []
    return this.#commands.sendable(now).map((frame) => ({ do: 'send', frame }))
  }

  /** What is told at a pace, and not answered. */
  #told(now: number): Action[] {
    return [...this.#status.sendable(now), ...this.#marks.sendable(now)].map((frame) => ({ do: 'send', frame }))
  }

  #comeBack(code: number | null, why: string, now: number): Action[] {
    if (now - this.#readyAt >= this.#policy.backoffResetS) this.#attempts = 0
    this.#readyAt = Infinity
    const { backoffMinS, backoffMaxS } = this.#policy
    const ceiling = Math.min(backoffMaxS, backoffMinS * 2 ** Math.min(this.#attempts, 32))
    this.#attempts += 1
    const waitS = Math.max(this.#uniform(ceiling / 2, ceiling), this.#goodbye?.retry_after_s ?? 0)
    this.#goodbye = null
    this.#leave('waiting', now)
    return [
      { do: 'wentOffline', code, message: why, retryAfterS: waitS },
      { do: 'connect', afterS: waitS },
    ]
  }

  #drop(): Action[] {
    return this.#phase === 'waiting' || this.#phase === 'finished' ? [] : [{ do: 'disconnect' }]
  }

  #finish(code: number, message: string): Action[] {
    if (this.#phase === 'finished') return []
    this.#leave('finished', this.#since)
    const error = new ClosedError(code, message)
    const ended = [this.#subscriptions, this.#watched, this.#people].flatMap((part) => part.closed(error))
    return [...this.#commands.closed(error), ...ended, { do: 'finished', error }]
  }

  #leave(phase: Phase, now: number): void {
    this.#enter(phase, now)
    this.#commands.lost()
    for (const part of [...this.#asking, this.#marks, this.#status]) part.lost()
  }

  #enter(phase: Phase, now: number): void {
    this.#phase = phase
    this.#since = now
    this.#heard(now)
  }

  #sentence(code: number | null): string {
    if (this.#goodbye !== null) return this.#goodbye.message
    const known = code === null ? undefined : CLOSES[code]
    if (known) return known.sentence
    return this.#phase === 'waiting' ? 'No connection could be made.' : 'The connection was lost.'
  }

  #checkOpen(): void {
    if (this.#phase === 'finished') throw new ClosedError(CloseCode.NORMAL, 'The client is closed.')
  }
}

function sentenceOf(code: number): string {
  return CLOSES[code]?.sentence ?? ''
}
