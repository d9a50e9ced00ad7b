/** Whose presence the client watches, and how its own user wants to be seen. Pure. */

import type { Action } from './actions.ts'
import type { ClientError } from './errors.ts'
import type { PersonPresence } from './items.ts'
import { type SetStatus, type Signalled, STATUSES_PER_S, type WatchPresence } from './protocol.ts'
import { type Names, Watched } from './watched.ts'

const SEEN = ['offline', 'away', 'online', 'busy'] as const
const PERSON = 'person:'

/** Whether a signal is about a person, and not about a stream. */
export function isOfPerson({ stream }: Signalled): boolean {
  return stream.startsWith(PERSON)
}

/**
 * See Watched. watchedPresence and endPresence answer `watch`.
 *
 * A session tells of those who are there. So whoever was there when the session before was lost counts as offline until
 * the next one tells otherwise.
 */
export class WatchedPeople extends Watched {
  readonly #there = new Set<string>()

  protected question(clientId: string, users: Names): WatchPresence {
    return { t: 'watch_presence', client_id: clientId, users }
  }

  protected agreed(): Action {
    return { do: 'watchedPresence' }
  }

  protected over(error: ClientError): Action {
    return { do: 'endPresence', error }
  }

  override opened(now: number): Action[] {
    const gone = [...this.#there].filter((user) => this.wants(user)).map((user) => seen(user, 'offline'))
    this.#there.clear()
    return [...delivered(gone), ...super.opened(now)]
  }

  /** How somebody is seen now, if that is still wanted. */
  signalled({ type, data }: Signalled): Action[] {
    if (type !== 'presence') return []
    const people = SEEN.flatMap((status) => {
      const users = data[status]
      const wanted = Array.isArray(users) ? (users as Names).filter((user) => this.wants(user)) : []
      return wanted.map((user) => seen(user, status))
    })
    for (const { user, status } of people) {
      if (status === 'offline') this.#there.delete(user)
      else this.#there.add(user)
    }
    return delivered(people)
  }
}

/** How the user wants to be seen, told to every session, at most STATUSES_PER_S; the newest counts. */
export class OwnStatus {
  #wanted: SetStatus['status'] = 'online'
  #told: SetStatus['status'] = 'online'
  #ready = false
  #nextAt = -Infinity

  /** The user wants to be seen so. */
  set(status: SetStatus['status']): void {
    this.#wanted = status
  }

  /** What the hello says. */
  greeting(): SetStatus['status'] {
    this.#told = this.#wanted
    return this.#told
  }

  /** A session began, as its hello said. */
  opened(): void {
    this.#ready = true
    this.#nextAt = -Infinity
  }

  /** The session is gone. */
  lost(): void {
    this.#ready = false
  }

  /** What is to be sent now; it counts as told from here on. */
  sendable(now: number): SetStatus[] {
    if (!this.#ready || now < this.#nextAt || this.#wanted === this.#told) return []
    this.#told = this.#wanted
    this.#nextAt = now + 1 / STATUSES_PER_S
    return [{ t: 'set_status', status: this.#wanted }]
  }

  /** When `sendable` has something. */
  deadline(): number {
    return this.#ready && this.#wanted !== this.#told ? this.#nextAt : Infinity
  }
}

function seen(user: string, status: PersonPresence['status']): PersonPresence {
  return { kind: 'presence', user, status }
}

function delivered(people: PersonPresence[]): Action[] {
  return people.length > 0 ? [{ do: 'deliverPresence', people }] : []
}
