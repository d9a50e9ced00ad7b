/** Who is in a room, as far as it has been told: a snapshot names the first, events tell of changes. Pure. */

import type { Item } from './items.ts'
import { type Header, type Position, ROOM_MEMBERS_MAX, type RoomView } from './protocol.ts'

/** Users remembered who left while not all members are known; a page older than the leaving of others is too old. */
const GONE_MAX = ROOM_MEMBERS_MAX
const ROOM = 'room:'
const USER = 'user:'
const EVERYBODY = '*'

/**
 * The members of one room. `take` every item of its stream in order; `learn` the pages that HTTP answers.
 *
 * `count` is right from the first snapshot on. `known` names members only, and all of them once `complete`: at once in a
 * room of at most VIEW_MEMBERS_MAX, else after each page of `GET /v1/rooms/{room}/members` was learned.
 */
export class Members {
  #count: number | null = null
  #known = new Set<string>()
  /** Who left since the oldest page that may be learned, with the seq of it; empty when all are known. */
  #gone = new Map<string, number>()
  #incarnation = 0
  #seq = 0
  /** A page that was read before this seq misses changes that aren't remembered. */
  #oldest = 0
  /** The newest page that was learned: until its seq is reached, `known` is ahead of `count`. */
  #newest = 0

  /** How many members there are; null before the first snapshot. */
  get count(): number | null {
    return this.#count
  }

  /** The members that were named. */
  get known(): ReadonlySet<string> {
    return this.#known
  }

  /** Whether `known` names every member. */
  get complete(): boolean {
    return this.#count === this.#known.size && this.#seq >= this.#newest
  }

  /** The next item of the room's stream. */
  take(item: Item): void {
    if (item.kind === 'snapshot' && item.stream.startsWith(ROOM)) {
      const { members, member_count: count } = item.view as RoomView
      // An older server counts none, and names all.
      this.#begin(item.position, members, Math.max(count, members.length))
    } else if (item.kind === 'event') {
      const { header, position } = item
      if (header.type === 'room.created') this.#begin(position, first(header), first(header).length)
      else if (this.#count !== null) this.#apply(header, this.#count)
    }
  }

  /** Members that a page named, and its position. False if it is too old to be used: read it again. */
  learn(position: Position, members: Iterable<string>): boolean {
    const { incarnation, seq } = position
    if (incarnation !== this.#incarnation || seq < this.#oldest || this.#count === null) return false
    if (!this.complete) {
      for (const user of members) if ((this.#gone.get(user) ?? 0) <= seq) this.#known.add(user)
      this.#newest = Math.max(this.#newest, seq)
    }
    return true
  }

  #begin({ incarnation, seq }: Position, members: readonly string[], count: number): void {
    this.#count = count
    this.#known = new Set(members)
    this.#gone = new Map()
    this.#incarnation = incarnation
    this.#seq = this.#oldest = this.#newest = seq
  }

  /** Headers alone tell: a payload may have been erased. Whoever an event revokes is a member no longer. */
  #apply(header: Header, count: number): void {
    const { type, author, revokes, seq } = header
    this.#seq = seq
    this.#count = count
    if (type === 'room.joined') {
      this.#count += 1
      this.#known.add(author)
      this.#gone.delete(author)
    }
    for (const user of seated(header)) {
      this.#count += 1
      this.#known.add(user)
      this.#gone.delete(user)
    }
    if (!revokes.includes(EVERYBODY)) { // a removed room keeps its members
      this.#count -= revokes.length
      for (const user of revokes) {
        this.#known.delete(user)
        this.#gone.set(user, seq)
      }
    }
    this.#forget()
  }

  #forget(): void {
    if (this.complete) this.#gone.clear()
    for (const [user, seq] of this.#gone) {
      if (this.#gone.size <= GONE_MAX) break
      this.#gone.delete(user)
      this.#oldest = Math.max(this.#oldest, seq)
    }
  }
}

/** Whom the stream that the room belongs to has seated in it. */
function seated({ type, marks }: Header): readonly string[] {
  return type === 'room.seated' && Array.isArray(marks['users']) ? (marks['users'] as string[]) : []
}

/** Whoever makes a room is in it, if they are a user; and so is the other one of a direct room. */
function first({ author, marks }: Header): string[] {
  const peer = marks['peer']
  return [author, ...(typeof peer === 'string' ? [peer] : [])].filter((user) => user.startsWith(USER))
}
