/** A tournament as a spectator knows it. What they are told, and how it then stands, is the same for both SDKs. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { LiveBracket, type LiveMatch, type ReadMatch } from '../src/bracket.ts'
import type { Event, Snapshot } from '../src/items.ts'
import type { Header, Position } from '../src/protocol.ts'
import type { LiveScore } from '../src/scores.ts'
import { USER } from './world.ts'

const CUP = `tournament:${'1'.repeat(32)}`
const FILE = new URL('../../../tests/unit/gatherup/client/brackets.json', import.meta.url)

/** One thing that a spectator is told, or how the tournament stands then. */
interface Said {
  readonly seq: number
  readonly snapshot?: Snapshot['view']
  readonly event?: string
  readonly marks?: Header['marks']
  readonly read?: readonly ReadMatch[]
  readonly scores?: readonly LiveScore[]
  readonly fits?: boolean
  readonly stands?: object
}

const COURSES = JSON.parse(readFileSync(FILE, 'utf8')) as { name: string; said: Said[] }[]

function at(seq: number, incarnation = 1): Position {
  return { stream: CUP, incarnation, seq }
}

function event(seq: number, type: string, marks: Header['marks'] = {}): Event {
  const header = { stream: CUP, seq, at: seq, author: USER, type, revokes: [], erases: [], marks }
  return { kind: 'event', type, header, payload: null, position: at(seq) } as unknown as Event
}

function snapshot(view: Snapshot['view'], seq: number, incarnation = 1): Snapshot {
  return { kind: 'snapshot', stream: CUP, view, head: seq, position: at(seq, incarnation) }
}

function standing(live: LiveBracket): object {
  const numbers = [...live.matches.keys()].sort((one, other) => one - other)
  return {
    phase: live.phase,
    entered: live.entered,
    checked_in: live.checkedIn,
    waiting: live.waiting,
    pending: live.pending,
    matches_total: live.matchesTotal,
    matches_done: live.matchesDone,
    stage: live.stage.number,
    round: live.stage.round,
    standings: live.stage.standings,
    standings_round: live.stage.standingsRound,
    matches: numbers.map((number) => live.matches.get(number)),
    scores: [...live.scores.known.values()].sort((one, other) => one.entrant - other.entrant),
    places: [...live.places].sort(([one], [other]) => one - other),
  }
}

assert.ok(COURSES.length > 0)
for (const { name, said } of COURSES) {
  test(`a spectator knows how it stands: ${name}`, () => {
    const live = new LiveBracket()
    for (const one of said) {
      if (one.snapshot) live.take(snapshot(one.snapshot, one.seq))
      else if (one.event) live.take(event(one.seq, one.event, one.marks))
      else if (one.read) assert.equal(live.learn(at(one.seq), one.read, one.scores), one.fits)
      else {
        assert.deepEqual(standing(live), one.stands)
        assert.equal(live.complete, true)
      }
    }
  })
}

function match(number: number): ReadMatch {
  return {
    match: number,
    part: 'winners',
    round: 1,
    phase: 'playing',
    a: number,
    b: number + 100,
    scores: [],
    winner: null,
    kind: null,
  }
}

test('a large bracket is known once it was read', () => {
  const view = { phase: 'running', matches: 60, matches_done: 0, current: [], entrants: [], places: [], own: null }
  const live = new LiveBracket()
  live.take(snapshot(view as unknown as Snapshot['view'], 7))
  assert.equal(live.complete, false)
  live.take(event(8, 'tournament.match_finished', { match: 60, winner: 60, loser: 160, kind: 'decided' })) // not named before
  const known: LiveMatch | undefined = live.matches.get(60)
  assert.deepEqual([known?.phase, known?.part, live.matchesDone], ['done', null, 1])
  const bracket = Array.from({ length: 60 }, (_, n) => match(n + 1))
  assert.equal(live.wanting, true)
  assert.equal(live.learn(at(9), bracket), true)
  assert.deepEqual([live.wanting, live.complete], [false, false]) // it waits for the stream
  assert.equal(live.learn(at(7), bracket), true)
  assert.deepEqual([live.wanting, live.complete], [false, true])
  const { phase, part, a, b, winner } = live.matches.get(60)!
  assert.deepEqual([phase, part, a, b, winner, live.matchesDone], ['done', 'winners', 60, 160, 60, 1])
})

test('a match without a player is done by its own event where much follows', () => {
  const view = { phase: 'running', matches: 3, matches_done: 0, current: [], entrants: [], places: [], own: null }
  const live = new LiveBracket()
  live.take(snapshot(view as unknown as Snapshot['view'], 7))
  const fills = [2, 5, 0, 3, 6, 0]
  live.take(event(8, 'tournament.match_finished', { match: 1, winner: 5, loser: 4, kind: 'decided', fills, later: [3] }))
  assert.deepEqual([live.matches.get(2)?.phase, live.matches.get(3)?.phase, live.matchesDone], ['done', 'due', 2])
  live.take(event(9, 'tournament.match_finished', { match: 3, winner: 6, loser: 0, kind: 'bye' }))
  assert.deepEqual([live.matches.get(3)?.phase, live.matchesDone], ['done', 3])
})

test('a bracket of another history is refused', () => {
  const view = { phase: 'running', matches: 1, matches_done: 0, current: [], entrants: [], places: [], own: null }
  const live = new LiveBracket()
  assert.equal(live.learn(at(9), [match(1)]), false)
  live.take(snapshot(view as unknown as Snapshot['view'], 7))
  assert.equal(live.learn(at(7, 2), [match(1)]), false)
  assert.equal(live.learn(at(6), [match(1)]), false)
  assert.equal(live.learn(at(7), [match(1)]), true)
})

test('an event of a later server changes nothing', () => {
  const live = new LiveBracket()
  live.take(event(1, 'tournament.created'))
  const before = standing(live)
  live.take(event(2, 'tournament.sung', { match: 1 }))
  assert.deepEqual(standing(live), before)
})

test('matches of a further round or stage are asked for, and those of the stage before are forgotten', () => {
  const live = new LiveBracket()
  live.take(event(1, 'tournament.created'))
  live.take(event(2, 'tournament.started', { count: 2, checked_in: 0 }))
  assert.ok(live.learn(at(2), []))
  assert.equal(live.complete, true)
  live.take(event(3, 'tournament.round_published', { pairs: [1, 2] }))
  assert.equal(live.wanting, true)
  assert.equal(live.learn(at(2), []), false)
  const waiting: ReadMatch = { match: 1, part: 'swiss', round: 1, phase: 'due', a: 1, b: 2, scores: [], winner: null, kind: null }
  assert.ok(live.learn(at(3), [waiting]))
  assert.deepEqual([live.complete, live.matchesTotal], [true, 1])
  live.take(event(4, 'tournament.stage_finished', { entrants: [1, 2, 3], places: [0, 0, 3] }))
  live.take(event(5, 'tournament.stage_started', { stage: 2, seeds: [1, 2] }))
  assert.deepEqual([[...live.places], live.matches.size, live.wanting], [[[3, 3]], 0, true])
})
