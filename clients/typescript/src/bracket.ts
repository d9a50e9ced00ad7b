/** A tournament as a spectator sees it: a snapshot says how it stands, events tell of changes. Pure. */

import type { Item } from './items.ts'
import type { Header, MatchView, Position, TournamentView } from './protocol.ts'
import { type LiveScore, LiveScores } from './scores.ts'
import { LiveStage } from './stage.ts'

const TOURNAMENT = 'tournament:'
/** In `fills`: a side that isn't known yet. */
const UNKNOWN = -1

/** A match as it stands now. */
export interface LiveMatch {
  readonly match: number
  /** This and `round` are null until a snapshot, its opening or `learn` told them. */
  readonly part: MatchView['part'] | null
  readonly round: number | null
  readonly phase: MatchView['phase']
  /** The numbers of the entrants on its sides; 0 for nobody, null while it isn't known. */
  readonly a: number | null
  readonly b: number | null
  /** While it is open: which sides have said that they are ready. */
  readonly ready_a: boolean
  readonly ready_b: boolean
  /**
   * When its phase ends by itself, Unix milliseconds. This, readiness and the four that follow are told by snapshots and
   * events alone.
   */
  readonly until: number | null
  /** What was chosen in the steps of its picks and bans so far, as in `MatchView`. */
  readonly picks: readonly number[]
  /** Whether staff hold it. */
  readonly held: boolean
  /** The number of the entrant who has proposed another time for it; 0 if nobody has. */
  readonly proposed_by: number
  /** That time, Unix milliseconds. */
  readonly proposed_at: number | null
  /** What was reported or decided: the points of each game. */
  readonly scores: MatchView['scores']
  /** The number of an entrant, 0 for nobody; null until it is done. */
  readonly winner: number | null
  /** Null until it is done. */
  readonly kind: MatchView['kind']
}

/** A match of the bracket as HTTP answers it. */
export type ReadMatch = Omit<LiveMatch, 'ready_a' | 'ready_b' | 'until' | 'picks' | 'held' | 'proposed_by' | 'proposed_at'>

/**
 * How one tournament stands. `take` every item of its stream in order; `learn` the bracket that HTTP answers.
 *
 * Phase and the counts of entrants are right from the first snapshot on. A snapshot names the first VIEW_MATCHES_MAX
 * matches that are open, and events tell of each that changes; the others stand in
 * `GET /v1/tournaments/{tournament}/bracket`: read it whenever `wanting`, which is once after a snapshot, after the
 * start, and when a stage or a round adds matches. `complete` says whether all are known. Once it was read,
 * matches, their counts and scores are those of the stage that is played.
 */
export class LiveBracket {
  /** Null before the first snapshot. */
  phase: TournamentView['phase'] | null = null
  /** How many are entered; after the start, how many take part. */
  entered = 0
  /** How many of those have checked in. */
  checkedIn = 0
  /** How many are on the waitlist. */
  waiting = 0
  /** How many wait until staff accept them. */
  pending = 0
  /** How many matches there are; null from the start until `learn`. */
  matchesTotal: number | null = 0
  matchesDone: number | null = 0
  /** Those that are known, by number. */
  readonly matches = new Map<number, LiveMatch>()
  /**
   * The places of entrants who play no more, as far as they were told since the first snapshot; of a tournament that has
   * finished the first PLACES_MAX.
   */
  readonly places = new Map<number, number>()
  /** The stage that was started last. */
  stage = new LiveStage()
  /** Of a leaderboard. */
  readonly scores = new LiveScores()
  #incarnation = 0
  #seq = 0
  #began = 0
  /** A bracket that was read at a seq which isn't reached yet. */
  #ahead: { readonly seq: number; readonly matches: readonly ReadMatch[]; readonly scores: readonly LiveScore[] } | null =
    null
  /** Matches that have begun anew by a correction: what was read before says nothing of their sides. */
  readonly #anew = new Set<number>()

  /** Whether all matches and scores are known. */
  get complete(): boolean {
    return this.matchesTotal === this.matches.size && this.scores.complete
  }

  /** Whether the bracket should be read over HTTP now: not all is known, and it wasn't read for that. */
  get wanting(): boolean {
    return !this.complete && this.#ahead === null
  }

  /** The next item of the tournament's stream. */
  take(item: Item): void {
    if (item.kind === 'snapshot' && item.stream.startsWith(TOURNAMENT)) {
      this.#begin(item.position, item.view as TournamentView)
    } else if (item.kind === 'event') {
      if (item.type === 'tournament.created') this.#begin(item.position, null)
      else if (this.phase !== null) this.#apply(item.header)
    }
  }

  /**
   * All matches and scores of the bracket, and the position at which it was read. False if it is too old: read it again.
   *
   * Of a bracket that is ahead of the stream nothing is shown until the stream has caught up.
   */
  learn({ incarnation, seq }: Position, matches: readonly ReadMatch[], scores: readonly LiveScore[] = []): boolean {
    if (incarnation !== this.#incarnation || seq < this.#began || this.phase === null) return false
    this.#ahead = { seq, matches, scores }
    this.#catchUp()
    return true
  }

  #begin({ incarnation, seq }: Position, view: TournamentView | null): void {
    this.#incarnation = incarnation
    this.#seq = this.#began = seq
    this.#ahead = null
    this.#anew.clear()
    this.matches.clear()
    this.places.clear()
    this.scores.begin(view?.stage?.scored)
    this.phase = view?.phase ?? 'draft'
    this.entered = view?.entered ?? 0
    this.checkedIn = view?.checked_in ?? 0
    this.waiting = view?.waiting ?? 0
    this.pending = view?.pending ?? 0
    this.matchesTotal = view?.matches ?? 0
    this.matchesDone = view?.matches_done ?? 0
    const own = view?.own?.match
    for (const match of [...(view?.current ?? []), ...(own ? [own] : [])]) this.matches.set(match.match, shown(match))
    view?.entrants.forEach((entrant, n) => this.places.set(entrant, view.places[n]!))
    this.stage = new LiveStage(view?.stage)
  }

  /** Headers alone tell: a payload may have been erased. */
  #apply({ type, seq, marks }: Header): void {
    this.#seq = seq
    if (MORE.has(type)) {
      this.#began = seq
      this.matchesTotal = this.matchesDone = null
    }
    // As the server writes them; of a type that isn't known none is looked at.
    CHANGES[type]?.(this, marks as unknown as Marks)
    if (CORRECTIONS.has(type)) for (const [match] of triples((marks as unknown as Marks).fills)) this.#anew.add(match)
    this.#catchUp()
  }

  /** What is known already is right as it is: only what isn't known comes from what was read before. */
  #catchUp(): void {
    if (!this.#ahead || this.#ahead.seq > this.#seq) return
    for (const read of this.#ahead.matches) {
      const known = this.matches.get(read.match)
      this.matches.set(read.match, known ? placed(known, read, !this.#anew.has(read.match)) : fresh(read))
    }
    this.scores.learn(this.#ahead.scores)
    this.#ahead = null
    if (this.phase === 'cancelled') cancel(this)
    for (const { part, round, phase } of this.matches.values()) {
      if (part !== null && round !== null && phase !== 'waiting' && phase !== 'due') this.stage.opened(part, round)
    }
    this.matchesTotal = this.matches.size
    this.matchesDone = [...this.matches.values()].filter(({ phase }) => phase === 'done').length
  }
}

/** A match of a snapshot. */
function shown(view: MatchView): LiveMatch {
  const { match, part, round, phase, a, b, scores, kind, until } = view
  const open = phase === 'open'
  const { picks = [], held = false, proposed_by = 0, proposed_at = null } = view
  const told = { match, part, round, phase, a, b, scores, kind, until, picks, held, proposed_by, proposed_at }
  return { ...told, ready_a: open && view.ready_a, ready_b: open && view.ready_b, winner: kind === null ? null : view.winner }
}

function fresh({ match, part, round, phase, a, b, scores, winner, kind }: ReadMatch): LiveMatch {
  return { ...unknown(match), part, round, phase, a, b, scores, winner, kind }
}

function unknown(match: number): LiveMatch {
  const nothing = { part: null, round: null, a: null, b: null, until: null, winner: null, kind: null }
  return { match, ...nothing, ...FREE, phase: 'waiting', ready_a: false, ready_b: false, picks: [], scores: [] }
}

/** Whatever isn't done is cancelled with the tournament. */
function cancel(bracket: LiveBracket): void {
  for (const { match, phase } of [...bracket.matches.values()]) {
    if (phase !== 'done') set(bracket, match, { ...PLAYING, phase: 'cancelled', held: false, until: null })
  }
}

/** With what no event told of it; `sides`: who is on them, too. */
function placed(known: LiveMatch, { part, round, a, b }: ReadMatch, sides: boolean): LiveMatch {
  return sides ? { ...known, part, round, a: known.a ?? a, b: known.b ?? b } : { ...known, part, round }
}

// --- events --------------------------------------------------------------------------------------------------

/** The marks of a tournament's events, as far as they are used. */
interface Marks {
  readonly stage: number
  readonly lines?: readonly number[]
  readonly match: number
  readonly part: MatchView['part']
  readonly round: number
  readonly a: number
  readonly b: number
  readonly ready_a: boolean
  readonly ready_b: boolean
  readonly until?: number
  readonly picks?: readonly number[]
  readonly entrant: number
  readonly start: number
  readonly play_until?: number
  readonly scores?: readonly number[]
  readonly winner: number
  readonly kind: NonNullable<MatchView['kind']>
  readonly fills?: readonly number[]
  readonly later?: readonly number[]
  readonly placed?: readonly number[]
  readonly entrants?: readonly number[]
  readonly places?: readonly number[]
  readonly done: number
  readonly count: number
  readonly checked_in?: number
  readonly counted?: number
  readonly best?: number
  readonly reached?: number
  readonly status: Status
  readonly was: Status
}
type Status = 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
type Change = (bracket: LiveBracket, marks: Marks) => void

const NOT_PUT_OFF = { proposed_by: 0, proposed_at: null } as const
const FREE = { held: false, ...NOT_PUT_OFF } as const
const PLAYING = { phase: 'playing', ready_a: false, ready_b: false } as const

const CHANGES: Readonly<Record<string, Change>> = {
  'tournament.registration_opened': (bracket) => (bracket.phase = 'registration'),
  'tournament.check_in_opened': (bracket) => (bracket.phase = 'check_in'),
  'tournament.cancelled': (bracket) => {
    bracket.phase = 'cancelled'
    cancel(bracket)
  },
  'tournament.started': (bracket, marks) => {
    bracket.phase = 'running'
    bracket.entered = marks.count
    bracket.checkedIn = marks.checked_in ?? 0
    bracket.waiting = bracket.pending = 0
    bracket.stage.begin(1)
  },
  'tournament.stage_started': (bracket, { stage }) => {
    bracket.matches.clear()
    bracket.stage.begin(stage)
    bracket.scores.begin()
  },
  'tournament.standings_moved': (bracket, { lines = [], round }) => bracket.stage.moved(round, lines),
  // What was known is of a later stage, which is void.
  'tournament.stage_reopened': (bracket, marks) => {
    bracket.matches.clear()
    bracket.stage.begin(marks.stage)
    bracket.scores.begin(marks.count)
    for (const [entrant, at] of bracket.places) if (at <= marks.count) bracket.places.delete(entrant)
  },
  'tournament.stage_finished': (bracket, { entrants = [], places = [] }) => {
    entrants.forEach((entrant, n) => places[n] && bracket.places.set(entrant, places[n]))
  },
  'tournament.finished': (bracket, { entrants = [], places = [] }) => {
    bracket.phase = 'finished'
    entrants.forEach((entrant, n) => bracket.places.set(entrant, places[n]!))
  },
  'tournament.entered': (bracket, marks) => count(bracket, marks, null, marks.status),
  'tournament.accepted': (bracket, marks) => count(bracket, marks, 'pending', marks.status),
  'tournament.promoted': (bracket, marks) => count(bracket, marks, 'waiting', 'entered'),
  'tournament.left': (bracket, marks) => count(bracket, marks, marks.was, marks.status),
  'tournament.checked_in': (bracket, marks) => {
    bracket.checkedIn = marks.checked_in ?? 0
    bracket.entered = marks.count ?? bracket.entered
  },
  'tournament.match_opened': (bracket, marks) => {
    const { part, round, a, b, until } = marks
    const endsAt = marks.play_until ?? until ?? null
    bracket.stage.opened(part, round)
    set(bracket, marks.match, { part, round, a, b, until: endsAt, ...(until === undefined ? PLAYING : open(marks)) })
  },
  'tournament.side_ready': (bracket, marks) => {
    set(bracket, marks.match, marks.ready_a && marks.ready_b ? { ...PLAYING, until: marks.play_until ?? null } : open(marks))
  },
  'tournament.picks_begun': (bracket, { match, until }) => {
    set(bracket, match, { phase: 'picking', picks: [], until: until ?? null })
  },
  'tournament.picked': (bracket, { match, picks = [], until, play_until }) => {
    set(bracket, match, { phase: until === undefined ? 'playing' : 'picking', picks, until: until ?? play_until ?? null })
  },
  'tournament.held': (bracket, { match }) => set(bracket, match, { held: true, until: null }),
  'tournament.released': (bracket, { match, until }) => set(bracket, match, { held: false, until: until ?? null }),
  'tournament.start_proposed': (bracket, { match, entrant, start }) => {
    set(bracket, match, { proposed_by: entrant, proposed_at: start })
  },
  'tournament.scheduled': (bracket, { match, until }) => {
    set(bracket, match, { ...PLAYING, ...NOT_PUT_OFF, phase: 'scheduled', until: until ?? null })
  },
  'tournament.reported': (bracket, marks) => {
    set(bracket, marks.match, { phase: 'reported', until: marks.until ?? null, scores: pairs(marks.scores) })
  },
  'tournament.disputed': (bracket, { match }) => set(bracket, match, { phase: 'disputed', until: null }),
  'tournament.match_finished': (bracket, { match, winner, kind, scores, fills = [], later = [], placed = [] }) => {
    set(bracket, match, { ...PLAYING, ...FREE, phase: 'done', until: null, winner, kind, scores: pairs(scores) })
    let done = 1
    for (const [number, a, b] of triples(fills)) {
      const filled = sides(a, b, !later.includes(number))
      if (filled.phase === 'done') done++
      set(bracket, number, filled)
    }
    if (bracket.matchesDone !== null) bracket.matchesDone += done
    place(bracket, placed)
  },
  'tournament.match_corrected': (bracket, marks) => {
    const { match, winner, kind, scores } = marks
    set(bracket, match, { phase: 'done', winner, kind, scores: pairs(scores) })
    beginAnew(bracket, marks)
  },
  'tournament.match_undone': (bracket, marks) => beginAnew(bracket, marks),
  'tournament.reopened': (bracket) => (bracket.phase = 'running'),
  'tournament.attempt_submitted': scored,
  'tournament.attempt_corrected': scored,
}

/** There are matches now that only HTTP tells of, and what was read before knows nothing of them. */
const MORE: ReadonlySet<string> = new Set([
  'tournament.started',
  'tournament.stage_started',
  'tournament.stage_reopened',
  'tournament.round_published',
])
const CORRECTIONS: ReadonlySet<string> = new Set(['tournament.match_corrected', 'tournament.match_undone'])

function scored(bracket: LiveBracket, marks: Marks): void {
  if (marks.stage === bracket.stage.number) bracket.scores.take(marks)
}

/** Whatever was known of these matches is void, but where they stand in the bracket. */
function beginAnew(bracket: LiveBracket, { fills, placed, done }: Marks): void {
  for (const [number, a, b] of triples(fills)) {
    const { part, round } = bracket.matches.get(number) ?? unknown(number)
    bracket.matches.set(number, { ...unknown(number), part, round, ...sides(a, b, true) })
  }
  if (bracket.matchesDone !== null) countDone(bracket, done)
  place(bracket, placed)
}

/** So many are done in all stages. Where there was one before, those of this stage must be counted or asked for. */
function countDone(bracket: LiveBracket, done: number): void {
  if (bracket.stage.number === 1) bracket.matchesDone = done
  else if (bracket.complete) bracket.matchesDone = [...bracket.matches.values()].filter(({ phase }) => phase === 'done').length
  else bracket.matchesTotal = bracket.matchesDone = null
}

function place(bracket: LiveBracket, placed: readonly number[] = []): void {
  for (const [entrant, at] of pairs(placed)) {
    if (at) bracket.places.set(entrant, at)
    else bracket.places.delete(entrant)
  }
}

/** What fills say: a match and its two sides. */
function triples(fills: readonly number[] = []): [number, number, number][] {
  return Array.from({ length: fills.length / 3 }, (_, n) => [fills[3 * n]!, fills[3 * n + 1]!, fills[3 * n + 2]!])
}

function count(bracket: LiveBracket, marks: Marks, before: Status | null, after: Status): void {
  bracket.entered = marks.count
  bracket.checkedIn = marks.checked_in ?? bracket.checkedIn
  bracket.waiting += Number(after === 'waiting') - Number(before === 'waiting')
  bracket.pending += Number(after === 'pending') - Number(before === 'pending')
}

function open({ ready_a, ready_b }: Marks): Partial<LiveMatch> {
  return { phase: 'open', ready_a, ready_b }
}

/** A match whose sides a result has filled. With nobody on one of them it is done, or will be by its own event. */
function sides(first: number, second: number, done: boolean): Partial<LiveMatch> {
  const a = first === UNKNOWN ? null : first
  const b = second === UNKNOWN ? null : second
  if (a === null || b === null) return { a, b, phase: 'waiting' }
  if ((a && b) || !done) return { a, b, phase: 'due' }
  return { a, b, phase: 'done', winner: a || b, kind: 'bye' }
}

function set(bracket: LiveBracket, number: number, fields: Partial<LiveMatch>): void {
  bracket.matches.set(number, { ...(bracket.matches.get(number) ?? unknown(number)), ...fields })
}

function pairs(flat: readonly number[] = []): [number, number][] {
  return Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n]!, flat[2 * n + 1]!])
}
