/** When a session's token is replaced by a newer one. Pure. */

import type { Action } from './actions.ts'
import type { Policy } from './policy.ts'
import type { Accepted, Refused, Unknown, Welcome } from './protocol.ts'

/** The token of one session at a time; one that can't be renewed is used until it expires. */
export class Renewal {
  readonly #policy: Policy
  readonly #renewable: boolean
  readonly #newClientId: () => string
  #lifeS = 0
  #dueAt = Infinity
  #request: string | null = null

  constructor(policy: Policy, renewable: boolean, newClientId: () => string) {
    this.#policy = policy
    this.#renewable = renewable
    this.#newClientId = newClientId
  }

  /** A session began. The server's own two times tell the token's life, so no wall clock is needed here. */
  opened(welcome: Welcome, now: number): void {
    this.#lifeS = Math.max(0, (welcome.token_expires_at - welcome.at) / 1000)
    this.#plan(now)
  }

  /** The session is gone. */
  lost(): void {
    this.#dueAt = Infinity
    this.#request = null
  }

  /** The newer token that fetchToken asked for; null if there is none yet. */
  fetched(token: string | null, now: number): Action[] {
    if (token === null) {
      this.#dueAt = now + this.#policy.backoffMaxS
      return []
    }
    this.#request = this.#newClientId()
    return [{ do: 'send', frame: { t: 'refresh_token', client_id: this.#request, token } }]
  }

  /**
   * A reply to our own question; null if it is none.
   *
   * A newer token is taken to live as long. If it was refused, the next one is tried as late, and at worst the server
   * closes with `token_expired`, which brings us back with a fresh one.
   */
  replied(reply: Accepted | Refused | Unknown, now: number): Action[] | null {
    if (this.#request === null || reply.client_id !== this.#request) return null
    this.#request = null
    this.#plan(now)
    return []
  }

  /** Ask for a newer token when it is due. */
  elapsed(now: number): Action[] {
    if (now < this.#dueAt) return []
    this.#dueAt = Infinity
    return [{ do: 'fetchToken' }]
  }

  /** When `elapsed` has something to do. */
  deadline(): number {
    return this.#dueAt
  }

  #plan(now: number): void {
    if (!this.#renewable) return
    this.#dueAt = now + Math.max(this.#policy.backoffMinS, this.#lifeS * this.#policy.tokenRefreshFraction)
  }
}
