/**
 * The streams a client follows: where it stands in each, and what the server was asked. Pure.
 *
 * A slow reader never stops the connection: when its buffer is full the stream is left, and resumed from the last
 * buffered position once half of it was read. So replies and other streams go on, and memory is bounded.
 */

import type { Action } from './actions.ts'
import { mayRetry } from './codes.ts'
import { type ClosedError, RefusedError } from './errors.ts'
import type { Policy } from './policy.ts'
import {
  type Accepted,
  CODES,
  type EventFrame,
  POSITIONS_MAX,
  type Position,
  type Refused,
  type Signalled,
  type Subscribed,
  type Unknown,
  type Unsubscribed,
} from './protocol.ts'

/** The server broke its promise of one order without gap or repeat: reconnect and resume. */
export class ViolationError extends Error {}

/** What this session's server knows of a subscription. While *leaving*, what still comes is not for us. */
type Phase = 'idle' | 'asked' | 'live' | 'leaving'

interface Subscription {
  readonly stream: string
  /** The last position handed to the reader's buffer. */
  position: Position | null
  phase: Phase
  /** The client_id of the question that is open; null for a position of the hello. */
  request: string | null
  wanted: boolean
  opened: boolean
  full: boolean
  /** The open question is one of an earlier follow: its answer isn't ours. */
  stale: boolean
  buffered: number
  retryAt: number
}

/** Everything about streams except the connection. Frames that break the order throw ViolationError. */
export class Subscriptions {
  readonly #policy: Policy
  readonly #newClientId: () => string
  readonly #byStream = new Map<string, Subscription>()
  readonly #byRequest = new Map<string, Subscription>()
  #ready = false

  constructor(policy: Policy, newClientId: () => string) {
    this.#policy = policy
    this.#newClientId = newClientId
  }

  // --- the user ----------------------------------------------------------------------------------------------

  /** Begin to follow a stream. Throws if it is followed already. */
  follow(stream: string, since: Position | null, now: number): Action[] {
    const old = this.#byStream.get(stream)
    if (old?.wanted) throw new Error(`${stream} is followed already`)
    const fresh = newSubscription(stream, since)
    if (old) {
      // Its last question is still open: ours comes after the answer.
      fresh.phase = old.phase
      fresh.request = old.request
      fresh.stale = old.phase === 'asked'
      if (old.request !== null) this.#byRequest.set(old.request, fresh)
    }
    this.#byStream.set(stream, fresh)
    return this.#reconcile(fresh, now)
  }

  /** Follow it no longer; nothing of it is delivered from here on. */
  unfollow(stream: string, now: number): Action[] {
    const subscription = this.#byStream.get(stream)
    if (!subscription) return []
    subscription.wanted = false
    return this.#reconcile(subscription, now)
  }

  /** The reader took one delivered event or snapshot. */
  consumed(stream: string, now: number): Action[] {
    const subscription = this.#byStream.get(stream)
    if (!subscription) return []
    subscription.buffered -= 1
    if (subscription.buffered <= Math.floor(this.#policy.bufferItemsMax / 2)) subscription.full = false
    return subscription.phase === 'idle' ? this.#reconcile(subscription, now) : []
  }

  // --- the session -------------------------------------------------------------------------------------------

  /** The positions for a hello; they count as asked. */
  positions(): Position[] {
    const told: Position[] = []
    for (const subscription of this.#byStream.values()) {
      if (subscription.position === null || subscription.full) continue
      if (told.length === POSITIONS_MAX) break
      subscription.phase = 'asked'
      subscription.request = null
      told.push(subscription.position)
    }
    return told
  }

  /** The session is ready: ask for what didn't stand in the hello. */
  opened(now: number): Action[] {
    this.#ready = true
    return this.elapsed(now)
  }

  /** The session is gone and the server's knowledge with it. */
  lost(): void {
    this.#ready = false
    this.#byRequest.clear()
    for (const subscription of [...this.#byStream.values()]) {
      subscription.phase = 'idle'
      subscription.request = null
      subscription.retryAt = 0
      subscription.stale = false
      if (!subscription.wanted) this.#byStream.delete(subscription.stream)
    }
  }

  /** The client is closed: every stream ends. */
  closed(error: ClosedError): Action[] {
    const wanted = [...this.#byStream.values()].filter((subscription) => subscription.wanted)
    this.#byStream.clear()
    this.#byRequest.clear()
    return wanted.map(({ stream }) => ({ do: 'end', stream, error }))
  }

  /** Ask again for what is due. */
  elapsed(now: number): Action[] {
    return [...this.#byStream.values()].flatMap((subscription) => this.#reconcile(subscription, now))
  }

  /** When `elapsed` has something to do. */
  deadline(): number {
    if (!this.#ready) return Infinity
    let first = Infinity
    for (const { phase, full, retryAt } of this.#byStream.values()) {
      if (phase === 'idle' && !full) first = Math.min(first, retryAt)
    }
    return first
  }

  // --- the server --------------------------------------------------------------------------------------------

  /** The next event of a stream. */
  event(frame: EventFrame, now: number): Action[] {
    const { stream, seq } = frame.header
    const subscription = this.#byStream.get(stream)
    if (!subscription || subscription.phase === 'leaving') return []
    const position = subscription.position
    if (subscription.phase !== 'live' || position === null) {
      throw new ViolationError(`an event of ${stream} before its subscribed`)
    }
    if (seq !== position.seq + 1) throw new ViolationError(`${stream}: ${seq} after ${position.seq}`)
    subscription.position = { ...position, seq }
    return this.#deliver(subscription, frame, subscription.position, now)
  }

  /** A signal: dropped unless the reader keeps up. */
  signalled(frame: Signalled): Action[] {
    const subscription = this.#byStream.get(frame.stream)
    if (!subscription || subscription.phase !== 'live' || subscription.position === null) return []
    if (!subscription.wanted || subscription.full || subscription.buffered > 0) return []
    return [{ do: 'deliver', stream: frame.stream, frame, position: subscription.position }]
  }

  /** The answer to a subscribe or to a position of the hello. */
  subscribed(frame: Subscribed, now: number): Action[] {
    const { stream, incarnation, seq } = frame
    const subscription = this.#byStream.get(stream)
    if (subscription?.phase !== 'asked') throw new ViolationError(`${stream} wasn't asked for`)
    this.#answered(subscription)
    if (subscription.stale) {
      subscription.phase = 'live'
      return this.#reconcile(subscription, now)
    }
    const was = subscription.position
    if (frame.snapshot === null && was && (was.seq !== seq || was.incarnation !== incarnation)) {
      throw new ViolationError(`${stream} goes on at ${seq} and not at ${was.seq}`)
    }
    const here: Position = { stream, incarnation, seq }
    subscription.phase = 'live'
    subscription.position = here
    const actions: Action[] = []
    if (!subscription.opened && subscription.wanted) {
      subscription.opened = true
      actions.push({ do: 'opened', stream })
    }
    const rest =
      frame.snapshot === null
        ? this.#reconcile(subscription, now)
        : this.#deliver(subscription, frame, here, now)
    return [...actions, ...rest]
  }

  /** The server ended a subscription. */
  unsubscribed(frame: Unsubscribed, now: number): Action[] {
    const subscription = this.#byStream.get(frame.stream)
    if (!subscription) return []
    const error = new RefusedError(frame.code, frame.message, { retry: mayRetry(frame.code) })
    return this.#refused(subscription, error, now)
  }

  /** A reply to one of our own questions; null if it is none. */
  replied(reply: Accepted | Refused | Unknown, now: number): Action[] | null {
    const subscription = this.#askedBy(reply)
    if (!subscription) return null
    const leaving = subscription.phase === 'leaving'
    this.#answered(subscription)
    if (leaving || subscription.stale) {
      subscription.phase = 'idle'
      subscription.stale = false
      return this.#reconcile(subscription, now)
    }
    if (reply.t === 'accepted') {
      throw new ViolationError(`${subscription.stream}: accepted where subscribed was due`)
    }
    return this.#refused(subscription, reply.t === 'refused' ? RefusedError.of(reply) : unavailable(reply), now)
  }

  // --- inside ------------------------------------------------------------------------------------------------

  #askedBy(reply: Accepted | Refused | Unknown): Subscription | undefined {
    if (reply.client_id !== null) return this.#byRequest.get(reply.client_id)
    const subscription = this.#byStream.get(reply.stream ?? '')
    return subscription?.phase === 'asked' && subscription.request === null ? subscription : undefined
  }

  #answered(subscription: Subscription): void {
    if (subscription.request !== null) {
      this.#byRequest.delete(subscription.request)
      subscription.request = null
    }
  }

  /** There is no subscription at the server: ask again later, or the stream has ended. */
  #refused(subscription: Subscription, error: RefusedError, now: number): Action[] {
    if (subscription.phase !== 'leaving') subscription.phase = 'idle'
    if ((error.retry || mayRetry(error.code)) && subscription.wanted) {
      subscription.retryAt = now + Math.max(error.retryAfterS ?? 0, this.#policy.backoffMinS)
      return []
    }
    this.#forget(subscription)
    return subscription.wanted ? [{ do: 'end', stream: subscription.stream, error }] : []
  }

  #forget(subscription: Subscription): void {
    this.#answered(subscription)
    this.#byStream.delete(subscription.stream)
  }

  #deliver(subscription: Subscription, frame: EventFrame | Subscribed, position: Position, now: number): Action[] {
    if (!subscription.wanted) return this.#reconcile(subscription, now)
    subscription.buffered += 1
    subscription.full = subscription.buffered >= this.#policy.bufferItemsMax
    const delivered: Action = { do: 'deliver', stream: subscription.stream, frame, position }
    return subscription.full ? [delivered, ...this.#reconcile(subscription, now)] : [delivered]
  }

  /** Move the server's knowledge towards what is wanted; at most one question a stream is open. */
  #reconcile(subscription: Subscription, now: number): Action[] {
    const { stream, wanted, full, stale } = subscription
    const keep = wanted && !full && !stale
    if (subscription.phase === 'live' && !keep) {
      subscription.phase = 'leaving'
      return [{ do: 'send', frame: { t: 'unsubscribe', client_id: this.#request(subscription), stream } }]
    }
    if (subscription.phase !== 'idle') return []
    if (!wanted) {
      this.#forget(subscription)
    } else if (keep && this.#ready && subscription.retryAt <= now) {
      subscription.phase = 'asked'
      const since = subscription.position
      return [{ do: 'send', frame: { t: 'subscribe', client_id: this.#request(subscription), stream, since } }]
    }
    return []
  }

  #request(subscription: Subscription): string {
    const clientId = this.#newClientId()
    subscription.request = clientId
    this.#byRequest.set(clientId, subscription)
    return clientId
  }
}

function newSubscription(stream: string, since: Position | null): Subscription {
  return {
    stream,
    position: since,
    phase: 'idle',
    request: null,
    wanted: true,
    opened: false,
    full: false,
    stale: false,
    buffered: 0,
    retryAt: 0,
  }
}

function unavailable(reply: Unknown): RefusedError {
  const more = { retry: true, retryAfterS: reply.retry_after_s }
  return new RefusedError('unavailable', CODES.unavailable.sentence, more)
}
