/**
 * What the client wants to be told of beside its streams, and what the server was asked of it. Pure.
 *
 * A session knows one set of names at a time and forgets it when it ends, so the set that is wanted is asked for again
 * in each.
 */

import type { Action } from './actions.ts'
import { mayRetry } from './codes.ts'
import { type ClientError, type ClosedError, RefusedError } from './errors.ts'
import type { Policy } from './policy.ts'
import type { Accepted, Refused, Unknown, WatchHeads, WatchPresence } from './protocol.ts'

export type Names = readonly string[]

/** The names that are wanted, those this session knows of, and the question that is open. */
export abstract class Watched {
  readonly #policy: Policy
  readonly #newClientId: () => string
  #wanted: Names = []
  #known: Names = []
  #watching = false
  #asked: { clientId: string; names: Names } | null = null
  #ready = false
  #retryAt = 0

  constructor(policy: Policy, newClientId: () => string) {
    this.#policy = policy
    this.#newClientId = newClientId
  }

  /** The frame that asks for these names instead of those before. */
  protected abstract question(clientId: string, names: Names): WatchHeads | WatchPresence
  /** The server tells of the names that are wanted. */
  protected abstract agreed(): Action
  /** Nothing follows. */
  protected abstract over(error: ClientError): Action

  protected wants(name: string): boolean {
    return this.#wanted.includes(name)
  }

  /** The server has left these out, of what it knows. */
  protected forget(gone: Names): void {
    if (this.#asked) return // it speaks of the names before, and the answer is about these
    this.#wanted = this.#wanted.filter((name) => !gone.includes(name))
    this.#known = this.#known.filter((name) => !gone.includes(name))
  }

  /** Watch these instead of those before; none ends it. `agreed` follows unless there are none. */
  watch(names: Names, now: number): Action[] {
    this.#wanted = names
    this.#watching = names.length > 0
    this.#retryAt = now
    if (this.#watching && same(names, this.#known) && this.#asked === null) return [this.agreed()]
    return this.elapsed(now)
  }

  /** A session began. */
  opened(now: number): Action[] {
    this.#ready = true
    this.#retryAt = now
    return this.elapsed(now)
  }

  /** The session is gone, with what it knew and what it was asked. */
  lost(): void {
    this.#ready = false
    this.#known = []
    this.#asked = null
  }

  /** The client is closed. */
  closed(error: ClosedError): Action[] {
    return this.#end(error)
  }

  /** A reply to our question; null if it is none. */
  replied(reply: Accepted | Refused | Unknown, now: number): Action[] | null {
    const asked = this.#asked
    if (asked === null || reply.client_id !== asked.clientId) return null
    this.#asked = null
    const current = same(asked.names, this.#wanted)
    const actions: Action[] = []
    if (reply.t === 'accepted') {
      this.#known = asked.names
      if (current && asked.names.length > 0) actions.push(this.agreed())
    } else if (reply.t === 'refused' && !(reply.retry || mayRetry(reply.code))) {
      if (current) actions.push(...this.#end(RefusedError.of(reply)))
    } else {
      this.#retryAt = now + Math.max(reply.retry_after_s ?? 0, this.#policy.backoffMinS)
    }
    return [...actions, ...this.elapsed(now)]
  }

  /** Ask for what is wanted, if this session doesn't know of it and it is due. */
  elapsed(now: number): Action[] {
    if (!this.#due || this.#retryAt > now) return []
    const asked = { clientId: this.#newClientId(), names: this.#wanted }
    this.#asked = asked
    return [{ do: 'send', frame: this.question(asked.clientId, asked.names) }]
  }

  /** When `elapsed` has something to do. */
  deadline(): number {
    return this.#due ? this.#retryAt : Infinity
  }

  get #due(): boolean {
    return this.#ready && this.#asked === null && !same(this.#wanted, this.#known)
  }

  #end(error: ClientError): Action[] {
    const watching = this.#watching
    this.#wanted = []
    this.#watching = false
    return watching ? [this.over(error)] : []
  }
}

function same(some: Names, others: Names): boolean {
  return some.length === others.length && some.every((name, index) => name === others[index])
}
