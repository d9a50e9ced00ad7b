/** The commands that are not settled yet: in which order they go out, and what a reply means. Pure. */

import type { Action } from './actions.ts'
import { mayRetry } from './codes.ts'
import { type ClientError, type ClosedError, RefusedError, UnknownOutcomeError } from './errors.ts'
import type { Policy } from './policy.ts'
import type { Accepted, Refused, SessionLimits, Unknown } from './protocol.ts'
import type { Command } from './wire.ts'

/** A bucket refilled in floating point may miss 1 by a hair. */
const ONE_TOKEN = 1 - 1e-6

type Settle = Extract<Action, { do: 'settle' }>

/** One unsettled command. */
interface Pending {
  readonly order: number
  readonly command: Command
  readonly giveUpAt: number
  /** Sent on this connection and not answered. */
  inflight: boolean
  /** An earlier copy of it may have taken effect. */
  uncertain: boolean
  retryAt: number
  /** The last refusal, if it was refused before. */
  refusal: RefusedError | null
  /** When it was first refused. */
  refusedSince: number
}

/**
 * Keeps order, window, pace and retries of one client's commands.
 *
 * Commands go out in the order they were given. One that waits for a retry holds back later ones *of its stream*;
 * those already on their way may still overtake it, so who needs a strict order awaits each reply.
 */
export class PendingCommands {
  readonly #policy: Policy
  readonly #pending = new Map<string, Pending>()
  /** By order. */
  #unsent: Pending[] = []
  #orders = 0
  #inflight = 0
  /** Null without a session. */
  #limits: SessionLimits | null = null
  #tokens = 0
  #tokensAt = 0
  /** When time alone makes something sendable. */
  #sendableAt = Infinity

  constructor(policy: Policy) {
    this.#policy = policy
  }

  /** Take a new command. Throws if its client_id is pending. */
  add(command: Command, now: number): void {
    if (this.#pending.has(command.client_id)) throw new Error(`client_id ${command.client_id} is pending already`)
    this.#orders += 1
    const pending: Pending = {
      order: this.#orders,
      command,
      giveUpAt: now + this.#policy.resendForS,
      inflight: false,
      uncertain: command.resend ?? false,
      retryAt: 0,
      refusal: null,
      refusedSince: Infinity,
    }
    this.#pending.set(command.client_id, pending)
    this.#unsent.push(pending)
  }

  /** Nobody waits for this one any more: it is not sent again, and its reply is ignored. */
  abandon(clientId: string): void {
    const pending = this.#pending.get(clientId)
    if (pending) this.#drop(pending)
  }

  /** A session began: the server's bucket is full and nothing is in flight. */
  opened(limits: SessionLimits, now: number): void {
    this.#limits = limits
    this.#tokens = limits.commands_burst
    this.#tokensAt = now
  }

  /** The session is gone: what was in flight may have taken effect. */
  lost(): void {
    this.#limits = null
    this.#inflight = 0
    this.#sendableAt = Infinity
    for (const pending of this.#pending.values()) {
      pending.uncertain ||= pending.inflight
      pending.inflight = false
    }
    this.#unsent = [...this.#pending.values()].sort(byOrder)
  }

  /** What is to be sent now, in this order; it counts as sent from here on. */
  sendable(now: number): Command[] {
    const limits = this.#limits
    if (limits === null) return []
    this.#sendableAt = Infinity
    this.#refill(limits, now)
    const ready: Command[] = []
    const kept: Pending[] = []
    const held = new Set<string | null>()
    for (const [index, pending] of this.#unsent.entries()) {
      const stream = streamOf(pending.command)
      if (this.#inflight >= limits.inflight_commands_max || this.#tokens < ONE_TOKEN) {
        if (this.#tokens < ONE_TOKEN) this.#sendableBy(now + (1 - this.#tokens) / limits.commands_per_s)
        kept.push(...this.#unsent.slice(index))
        break
      }
      if (pending.retryAt > now || held.has(stream)) {
        if (pending.retryAt > now) this.#sendableBy(pending.retryAt)
        if (stream !== null) held.add(stream)
        kept.push(pending)
        continue
      }
      this.#tokens -= 1
      this.#inflight += 1
      pending.inflight = true
      ready.push({ ...pending.command, resend: pending.uncertain })
    }
    this.#unsent = kept
    return ready
  }

  /** What a reply settles. Null if it asks for another try, or nobody waits for it. */
  answered(reply: Accepted | Refused | Unknown, now: number): Settle | null {
    const pending = this.#pending.get(reply.client_id ?? '')
    if (!pending) return null
    if (reply.t === 'accepted') return this.#settle(pending, reply)
    if (!pending.inflight) return null // a repeat of an answer that was acted on
    if (reply.t === 'unknown') {
      pending.uncertain = true
      this.#again(pending, now + reply.retry_after_s)
      return null
    }
    return this.#refused(pending, reply, now)
  }

  /** Give up what was tried for long enough. Deadlines lie in the order of the commands. */
  expired(now: number): Settle[] {
    const settled: Settle[] = []
    for (const pending of [...this.#pending.values()]) {
      if (pending.giveUpAt > now) break
      settled.push(this.#givenUp(pending))
    }
    return settled
  }

  /** The client is closed: settle all that is pending. */
  closed(error: ClosedError): Settle[] {
    return [...this.#pending.values()].map((pending) => {
      const certain = !(pending.uncertain || pending.inflight)
      return this.#settle(pending, certain ? error : new UnknownOutcomeError(pending.command.client_id))
    })
  }

  /** When `expired` or `sendable` has something new to say; infinity if only a reply can bring it. */
  deadline(): number {
    const first = this.#pending.values().next().value
    return Math.min(this.#sendableAt, first ? first.giveUpAt : Infinity)
  }

  #refused(pending: Pending, reply: Refused, now: number): Settle | null {
    const error = RefusedError.of(reply)
    if (!(reply.retry || mayRetry(reply.code))) return this.#settle(pending, error)
    const retryAt = now + Math.max(reply.retry_after_s ?? 0, this.#policy.backoffMinS)
    pending.refusal = error
    pending.refusedSince = Math.min(pending.refusedSince, now)
    if (retryAt > pending.refusedSince + this.#policy.refusedRetryForS) return this.#settle(pending, error)
    this.#again(pending, retryAt)
    return null
  }

  #sendableBy(time: number): void {
    this.#sendableAt = Math.min(this.#sendableAt, time)
  }

  #refill(limits: SessionLimits, now: number): void {
    const earned = (now - this.#tokensAt) * limits.commands_per_s
    this.#tokens = Math.min(limits.commands_burst, this.#tokens + earned)
    this.#tokensAt = now
  }

  #again(pending: Pending, retryAt: number): void {
    pending.inflight = false
    this.#inflight -= 1
    pending.retryAt = retryAt
    this.#unsent.push(pending)
    this.#unsent.sort(byOrder)
  }

  #givenUp(pending: Pending): Settle {
    if (pending.uncertain || pending.inflight) {
      return this.#settle(pending, new UnknownOutcomeError(pending.command.client_id))
    }
    const neverSent = new RefusedError('unavailable', 'There was no connection for it.', { retry: true })
    return this.#settle(pending, pending.refusal ?? neverSent)
  }

  #settle(pending: Pending, outcome: Accepted | ClientError): Settle {
    this.#drop(pending)
    return { do: 'settle', clientId: pending.command.client_id, outcome }
  }

  #drop(pending: Pending): void {
    this.#pending.delete(pending.command.client_id)
    if (pending.inflight) this.#inflight -= 1
    else this.#unsent = this.#unsent.filter((other) => other !== pending)
  }
}

function byOrder(a: Pending, b: Pending): number {
  return a.order - b.order
}

function streamOf(command: Command): string | null {
  return 'stream' in command ? command.stream : null
}
