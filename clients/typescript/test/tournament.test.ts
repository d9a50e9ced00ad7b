/** The tournament's methods: each command has one, and says what it was told. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AcceptedAs, Client, Draft } from '../src/client.ts'
import type { Commands } from '../src/protocol.ts'
import { Tournament } from '../src/tournament.ts'
import { USER } from './world.ts'

const CUP = `tournament:${'1'.repeat(32)}`
const OTHER = `user:${'2'.repeat(32)}`

type Tag = Exclude<Extract<keyof Commands, `tournament.${string}`>, 'tournament.create'>

/** How each command's method is called, and what it then sends. A command without a row doesn't compile. */
const CALLS: { readonly [T in Tag]: readonly [(cup: Tournament) => Promise<unknown>, object] } = {
  'tournament.change': [(cup) => cup.change({ name: 'Cup', start_at: 0 }), { name: 'Cup', start_at: 0 }],
  'tournament.transfer': [(cup) => cup.transfer(USER), { user: USER }],
  'tournament.remove': [(cup) => cup.remove(), {}],
  'tournament.restore': [(cup) => cup.restore(), {}],
  'tournament.set_staff': [(cup) => cup.setStaff(USER, 'referee'), { user: USER, role: 'referee' }],
  'tournament.open_registration': [(cup) => cup.openRegistration(), {}],
  'tournament.open_check_in': [(cup) => cup.openCheckIn(), {}],
  'tournament.start': [(cup) => cup.start(), {}],
  'tournament.cancel': [(cup) => cup.cancel('rain'), { reason: 'rain' }],
  'tournament.enter': [(cup) => cup.enter('Ravens'), { name: 'Ravens' }],
  'tournament.invite_player': [(cup) => cup.invitePlayer(USER), { user: USER }],
  'tournament.join_team': [(cup) => cup.joinTeam(2), { entrant: 2 }],
  'tournament.add_player': [(cup) => cup.addPlayer(2, USER), { entrant: 2, user: USER }],
  'tournament.remove_player': [(cup) => cup.removePlayer(2, USER), { entrant: 2, user: USER }],
  'tournament.substitute': [
    (cup) => cup.substitute(3, USER, OTHER, 2),
    { match: 3, player: USER, substitute: OTHER, entrant: 2 },
  ],
  'tournament.pick': [(cup) => cup.pick(3, 2, 'nuke', 1), { match: 3, step: 2, choice: 'nuke', entrant: 1 }],
  'tournament.hold': [(cup) => cup.hold(3), { match: 3 }],
  'tournament.release': [(cup) => cup.release(3), { match: 3 }],
  'tournament.propose_start': [(cup) => cup.proposeStart(3, 99), { match: 3, at: 99 }],
  'tournament.accept_start': [(cup) => cup.acceptStart(3, 99), { match: 3, at: 99 }],
  'tournament.leave': [(cup) => cup.leave(), {}],
  'tournament.check_in': [(cup) => cup.checkIn(2), { entrant: 2 }],
  'tournament.add_entrants': [(cup) => cup.addEntrants([{ name: 'Rob' }]), { entrants: [{ name: 'Rob' }] }],
  'tournament.accept': [(cup) => cup.accept(2), { entrant: 2 }],
  'tournament.remove_entrant': [
    (cup) => cup.removeEntrant(2, { disqualify: true, reason: 'x' }),
    { entrant: 2, disqualify: true, reason: 'x' },
  ],
  'tournament.set_tags': [(cup) => cup.setTags(2, ['eu']), { entrant: 2, tags: ['eu'] }],
  'tournament.set_seeds': [(cup) => cup.setSeeds([2, 1]), { entrants: [2, 1] }],
  'tournament.ready': [(cup) => cup.ready(3, 2), { match: 3, entrant: 2 }],
  'tournament.report': [(cup) => cup.report(3, [[2, 1]]), { match: 3, scores: [[2, 1]] }],
  'tournament.confirm': [(cup) => cup.confirm(3), { match: 3 }],
  'tournament.dispute': [
    (cup) => cup.dispute(3, { note: 'no', evidence: 'https://e.org' }),
    { match: 3, note: 'no', evidence: 'https://e.org' },
  ],
  'tournament.decide': [
    (cup) => cup.decide(3, 2, { scores: [[0, 1]], note: 'x' }),
    { match: 3, winner: 2, draw: false, scores: [[0, 1]], note: 'x' },
  ],
  'tournament.correct': [
    (cup) => cup.correct(3, 2, { scores: [[0, 1]], note: 'x', policy: 'keep', preview: true }),
    { match: 3, winner: 2, scores: [[0, 1]], note: 'x', policy: 'keep', preview: true },
  ],
  'tournament.undo': [(cup) => cup.undo(3, { confirm: true }), { match: 3, confirm: true }],
  'tournament.reinstate': [(cup) => cup.reinstate(2, { policy: 'reset' }), { entrant: 2, policy: 'reset' }],
  'tournament.submit_attempt': [(cup) => cup.submitAttempt(-5, 2), { score: -5, entrant: 2 }],
  'tournament.set_window': [(cup) => cup.setWindow(5), { closes_at: 5 }],
  'tournament.correct_attempt': [
    (cup) => cup.correctAttempt(2, 1, null, { stage: 1, preview: true }),
    { entrant: 2, attempt: 1, score: null, stage: 1, preview: true },
  ],
}

/** Takes everything. */
class Speaker {
  readonly sent: object[] = []

  async send<const C extends Draft>(draft: C): Promise<AcceptedAs<C['t']>> {
    this.sent.push(draft)
    return { t: 'accepted', client_id: '', stream: CUP, seq: 4, events: 1, duplicate: false, answer: null } as never
  }

  subscribe(): never {
    throw new Error('not here')
  }
}

for (const [tag, [call, fields]] of Object.entries(CALLS)) {
  test(`${tag} has a method`, async () => {
    const speaker = new Speaker()
    await call(new Tournament(speaker, CUP))
    assert.deepEqual(speaker.sent, [{ t: tag, stream: CUP, ...fields }])
  })
}

test('every method is tried', () => {
  const methods = Object.getOwnPropertyNames(Tournament.prototype).filter((name) => name !== 'constructor')
  const called = new Set(Object.values(CALLS).map(([call]) => /cup\.(\w+)/.exec(String(call))?.[1]))
  assert.deepEqual(methods.filter((name) => !called.has(name)), ['subscribe'])
})

test('a tournament is made with its settings', async () => {
  const speaker = new Speaker()
  const cup = await Tournament.create(speaker as unknown as Client, 'Cup', { format: 'double_elimination', best_of: 3 })
  assert.equal(cup.id, CUP)
  assert.deepEqual(speaker.sent, [{ t: 'tournament.create', name: 'Cup', format: 'double_elimination', best_of: 3 }])
})
