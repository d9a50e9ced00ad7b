/** Read positions on their way to the server: the newest of each room, at the pace that a session allows. Pure. */

import { type MarkRead, ROOMS_PER_USER_MAX, type SessionLimits } from './protocol.ts'

/** What was read and isn't told yet. A mark that was sent is forgotten: like signals, marks aren't answered. */
export class Marks {
  readonly #waiting = new Map<string, number>()
  /** Between two marks; null without a session. */
  #pauseS: number | null = null
  #nextAt = -Infinity

  /** The user has read this room up to this message. */
  add(room: string, number: number): void {
    this.#waiting.set(room, Math.max(number, this.#waiting.get(room) ?? 0))
    const [longest] = this.#waiting.keys()
    if (this.#waiting.size > ROOMS_PER_USER_MAX && longest !== undefined) this.#waiting.delete(longest)
  }

  /** A session began. */
  opened(welcome: SessionLimits): void {
    this.#pauseS = 1 / welcome.signals_per_s
  }

  /** The session is gone; what waits goes to the next one. */
  lost(): void {
    this.#pauseS = null
  }

  /** What is to be sent now; it counts as sent from here on. */
  sendable(now: number): MarkRead[] {
    const [first] = this.#waiting
    if (this.#pauseS === null || now < this.#nextAt || first === undefined) return []
    const [room, number] = first
    this.#waiting.delete(room)
    this.#nextAt = now + this.#pauseS
    return [{ t: 'mark_read', room, number }]
  }

  /** When `sendable` has something. */
  deadline(): number {
    return this.#waiting.size > 0 && this.#pauseS !== null ? this.#nextAt : Infinity
  }
}
