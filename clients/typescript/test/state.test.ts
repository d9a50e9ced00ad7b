/** The state machine, case by case: back-off, heartbeat, tokens, deadlines, replies, streams, heads, marks. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClosedError, RefusedError, UnknownOutcomeError } from '../src/errors.ts'
import type { Policy } from '../src/policy.ts'
import { CloseCode, POSITIONS_MAX, ROOMS_PER_USER_MAX, STATUSES_PER_S } from '../src/protocol.ts'
import type { ClientState } from '../src/state.ts'
import {
  accepted,
  clientId,
  event,
  gone,
  head,
  heads,
  kinds,
  only,
  post,
  refused,
  ROOMS,
  seen,
  sent,
  state,
  subscribed,
  unknown,
  welcome,
} from './world.ts'

const [ROOM, OTHER] = ROOMS
const [ANN, BEN] = [`user:${'a'.repeat(32)}`, `user:${'b'.repeat(32)}`] as const

function ready(policy: Partial<Policy> = {}, greeting: Parameters<typeof welcome>[0] = {}): ClientState {
  const client = state(policy)
  client.start()
  client.connected('token', 0)
  client.received(welcome(greeting), 0)
  return client
}

function limited(number: number, after = 1) {
  return refused({ client_id: clientId(number), code: 'rate_limited', retry: true, retry_after_s: after })
}

function posts(actions: ReturnType<ClientState['elapsed']>): [string, boolean | undefined][] {
  return sent(actions).flatMap((f) => (f.t === 'room.post' ? [[f.client_id, f.resend] as [string, boolean]] : []))
}

/** The one subscribe among what is sent. */
function subscribeIn(actions: ReturnType<ClientState['elapsed']>) {
  const [frame, ...more] = sent(actions)
  assert(frame?.t === 'subscribe' && more.length === 0)
  return frame
}

function unsubscribeIn(actions: ReturnType<ClientState['elapsed']>) {
  const [frame, ...more] = sent(actions)
  assert(frame?.t === 'unsubscribe' && more.length === 0)
  return frame
}

test('nothing is sent before the welcome', () => {
  const client = state()
  assert.deepEqual(client.start(), [{ do: 'connect', afterS: 0 }])
  assert.deepEqual(client.command(post(1), 0), [])
  assert.deepEqual(client.signal({ t: 'room.typing', stream: ROOM }), [])
  assert.deepEqual(sent(client.connected('secret', 0)), [{ t: 'hello', token: 'secret', positions: [], status: 'online' }])
  assert.deepEqual(posts(client.received(welcome(), 0)), [[clientId(1), false]])
})

test('back-off doubles up to its maximum and starts again after a good session', () => {
  const client = state({ backoffMinS: 1, backoffMaxS: 5, backoffResetS: 10 })
  const wait = (now: number) => only('connect', client.disconnected(null, now))[0]?.afterS
  assert.deepEqual([0, 1, 2, 3, 4].map(wait), [1, 2, 4, 5, 5])
  client.connected('t', 10)
  client.received(welcome(), 10)
  assert.equal(wait(19), 5)
  client.connected('t', 20)
  client.received(welcome(), 20)
  assert.equal(wait(30), 1)
})

test('who never got through is not told of a loss', () => {
  assert.equal(only('wentOffline', state().disconnected(null, 1))[0]?.message, 'No connection could be made.')
  assert.equal(only('wentOffline', ready().disconnected(null, 1))[0]?.message, 'The connection was lost.')
})

test('goodbye is waited for and only once', () => {
  const client = ready()
  const code = CloseCode.GOING_AWAY
  const goodbye = { t: 'goodbye', code, message: 'Moving.', retry: true, retry_after_s: 7 } as const
  assert.deepEqual(client.received(goodbye, 1), [])
  assert.equal(client.phase, 'parting')
  assert.deepEqual(client.command(post(1), 1), [])
  assert.deepEqual(client.disconnected(null, 1), [
    { do: 'wentOffline', code, message: 'Moving.', retryAfterS: 7 },
    { do: 'connect', afterS: 7 },
  ])
  const [again] = only('connect', client.disconnected(null, 8))
  assert(again && again.afterS < 7)
})

for (const code of [null, 1001, 3000, 4000, 4001, 4004, 4099]) {
  test(`comes back after ${code}`, () => {
    assert.equal(only('connect', ready().disconnected(code, 1)).length, 1)
  })
}

for (const code of [1002, 1009, 4100, 4103, 4107, 4199]) {
  test(`does not come back after ${code}`, () => {
    const client = ready()
    client.command(post(1), 0)
    client.follow(ROOM, null, 0)
    const actions = client.disconnected(code, 1)
    assert(only('settle', actions)[0]?.outcome instanceof UnknownOutcomeError)
    assert.deepEqual(kinds(actions), ['settle', 'end', 'finished'])
    assert.equal(client.deadline(), Infinity)
    assert.throws(() => client.command(post(2), 2), ClosedError)
  })
}

test('an expired token that can not be renewed ends the client', () => {
  const client = state({}, false)
  client.connected('t', 0)
  assert.equal(only('finished', client.disconnected(CloseCode.TOKEN_EXPIRED, 1)).length, 1)
})

test('closing settles what was never sent as closed', () => {
  const client = state()
  client.command(post(1), 0)
  assert(only('settle', client.close())[0]?.outcome instanceof ClosedError)
  assert.deepEqual(client.close(), [])
  assert.deepEqual(client.start(), [])
})

test('silence is asked about and then ends the connection', () => {
  const client = ready({}, { heartbeat_s: 10 })
  assert.equal(client.deadline(), 10)
  assert.deepEqual(client.elapsed(9.9), [])
  assert.deepEqual(client.elapsed(10), [{ do: 'ping' }])
  assert.deepEqual(client.elapsed(15), [])
  assert.equal(client.deadline(), 20)
  assert.deepEqual(client.received(accepted(clientId(9)), 19), [])
  assert.deepEqual(client.elapsed(20), [])
  assert.deepEqual(client.elapsed(29), [{ do: 'ping' }])
  assert.deepEqual(kinds(client.elapsed(39)), ['disconnect', 'wentOffline', 'connect'])
  assert.notDeepEqual(client.disconnected(null, 39), []) // the next attempt may fail too
})

test('a server that does not greet is left', () => {
  const client = state({ welcomeTimeoutS: 3 })
  client.connected('t', 0)
  assert.equal(client.deadline(), 3)
  assert.equal(only('disconnect', client.elapsed(3)).length, 1)
})

test('a first frame that is no welcome is a violation', () => {
  const client = state()
  client.connected('t', 0)
  assert.equal(only('disconnect', client.received(event(ROOM, 1), 0)).length, 1)
  assert.equal(client.violations, 1)
})

test('the token is renewed within its life', () => {
  const client = ready({ tokenRefreshFraction: 0.5 }, { at: 1_000, token_expires_at: 11_000 })
  assert.equal(client.deadline(), 5)
  assert.deepEqual(kinds(client.elapsed(5)), ['fetchToken'])
  const [frame] = sent(client.refreshed('newer', 5))
  assert(frame?.t === 'refresh_token' && frame.token === 'newer')
  assert.deepEqual(client.received(accepted(frame.client_id), 6), [])
  assert.equal(client.deadline(), 11)
})

test('a provider without a token is asked again', () => {
  const client = ready({ backoffMaxS: 3, tokenRefreshFraction: 0.5 }, { token_expires_at: 10_000 })
  client.elapsed(5)
  assert.deepEqual(client.refreshed(null, 5), [])
  assert.equal(client.deadline(), 8)
  assert.deepEqual(kinds(client.elapsed(8)), ['fetchToken'])
})

test('a token that comes after the session is not sent', () => {
  const client = ready()
  client.disconnected(null, 1)
  assert.deepEqual(client.refreshed('newer', 2), [])
})

// --- commands --------------------------------------------------------------------------------------------------

test('what got no answer is resent in order and what was never sent is not marked', () => {
  const client = ready({}, { limits: { inflight_commands_max: 2 } })
  for (const number of [1, 2, 3]) client.command(post(number), 0)
  client.disconnected(null, 1)
  client.connected('t', 2)
  assert.deepEqual(posts(client.received(welcome(), 2)), [
    [clientId(1), true],
    [clientId(2), true],
    [clientId(3), false],
  ])
})

test('the window and the pace of the server are kept', () => {
  const client = ready({}, { limits: { inflight_commands_max: 3, commands_burst: 2, commands_per_s: 1 } })
  assert.deepEqual(
    [1, 2, 3, 4].map((number) => sent(client.command(post(number), 0)).length),
    [1, 1, 0, 0],
  )
  assert.equal(client.deadline(), 1)
  assert.equal(sent(client.elapsed(1)).length, 1)
  assert.deepEqual(sent(client.elapsed(10)), [])
  assert.equal(sent(client.received(accepted(clientId(1)), 10)).length, 1)
})

test('a retry holds back its stream and no other', () => {
  const client = ready()
  client.command(post(1), 0)
  assert.deepEqual(client.received(limited(1, 5), 0), [])
  assert.deepEqual(sent(client.command(post(2), 0)), [])
  assert.equal(sent(client.command(post(3, OTHER), 0)).length, 1)
  assert.equal(client.deadline(), 5)
  assert.deepEqual(posts(client.elapsed(5)), [
    [clientId(1), false],
    [clientId(2), false],
  ])
})

test('what waits for a retry goes out in its order again', () => {
  const client = ready()
  client.command(post(1, ROOM), 0)
  client.command(post(2, OTHER), 0)
  for (const number of [2, 1]) client.received(limited(number), 0)
  assert.deepEqual(posts(client.elapsed(1)), [
    [clientId(1), false],
    [clientId(2), false],
  ])
})

test('an unknown outcome stays unknown through a refusal', () => {
  const client = ready()
  client.command(post(1), 0)
  assert.deepEqual(client.received(unknown(clientId(1)), 0), [])
  assert.deepEqual(posts(client.elapsed(1)), [[clientId(1), true]])
  client.received(limited(1), 1)
  assert.deepEqual(posts(client.elapsed(2)), [[clientId(1), true]])
})

test('a refusal is told when it was retried for long enough', () => {
  const client = ready({ refusedRetryForS: 2 })
  client.command(post(1), 0)
  assert.deepEqual(client.received(limited(1), 0), [])
  client.elapsed(1)
  assert.deepEqual(client.received(limited(1), 1), [])
  client.elapsed(2)
  assert(only('settle', client.received(limited(1), 2))[0]?.outcome instanceof RefusedError)
})

test('giving up tells the three outcomes apart', () => {
  const client = ready({ resendForS: 10, refusedRetryForS: 100 })
  client.command(post(1, ROOM), 0)
  client.command(post(2, OTHER), 0)
  client.received(limited(2, 50), 0)
  client.disconnected(null, 1)
  client.command(post(3), 2)
  assert.equal(client.deadline(), 10)
  const [first, second] = only('settle', client.elapsed(10))
  assert(first?.outcome instanceof UnknownOutcomeError)
  assert(second?.outcome instanceof RefusedError && second.outcome.code === 'rate_limited')
  const [third] = only('settle', client.elapsed(12))
  assert(third?.outcome instanceof RefusedError && third.outcome.code === 'unavailable')
})

test('replies nobody waits for are ignored', () => {
  const client = ready()
  client.command(post(1), 0)
  const reply = accepted(clientId(1), ROOM, 1)
  assert.deepEqual(client.received(reply, 0), [{ do: 'settle', clientId: clientId(1), outcome: reply }])
  assert.deepEqual(client.received(reply, 0), [])
  assert.deepEqual(client.received(limited(1), 0), [])
})

for (const reply of [limited(1), unknown(clientId(1))]) {
  test(`a repeated ${reply.t} asks for one more try and no second`, () => {
    const client = ready({}, { limits: { inflight_commands_max: 1 } })
    client.command(post(1), 0)
    assert.deepEqual(client.received(reply, 0), [])
    assert.deepEqual(client.received(reply, 0), [])
    assert.equal(sent(client.elapsed(1)).length, 1)
    assert.deepEqual(sent(client.command(post(2, OTHER), 1)), [], 'the window holds one')
  })
}

test('an abandoned command is neither resent nor settled', () => {
  const client = ready({}, { limits: { inflight_commands_max: 1 } })
  client.command(post(1), 0)
  client.command(post(2), 0)
  assert.deepEqual(posts(client.abandon(clientId(1), 0)), [[clientId(2), false]])
  assert.deepEqual(client.received(accepted(clientId(1)), 0), [])
  client.disconnected(null, 0)
  client.connected('t', 1)
  assert.deepEqual(posts(client.received(welcome(), 1)), [[clientId(2), true]])
})

test('a client_id is pending once', () => {
  const client = ready()
  client.command(post(1), 0)
  assert.throws(() => client.command(post(1), 0), /pending already/)
})

// --- streams ---------------------------------------------------------------------------------------------------

function following(policy: Partial<Policy> = {}): ClientState {
  const client = ready(policy)
  const asked = subscribeIn(client.follow(ROOM, null, 0))
  client.received(subscribed(ROOM, 3, { snapshot: true, to: asked.client_id }), 0)
  return client
}

/** One that was following, on its next session. */
function resuming(): ClientState {
  const client = following()
  client.disconnected(null, 0)
  client.connected('t', 1)
  client.received(welcome(), 1)
  return client
}

test('events are delivered with their positions', () => {
  const [delivered] = only('deliver', following().received(event(ROOM, 4), 0))
  assert.deepEqual(delivered?.position, { stream: ROOM, incarnation: 1, seq: 4 })
})

for (const seq of [3, 5, 1]) {
  test(`a gap or a repeat is a violation: ${seq} after 3`, () => {
    const client = following()
    assert.deepEqual(kinds(client.received(event(ROOM, seq), 0)), ['disconnect', 'wentOffline', 'connect'])
    const positions = [{ stream: ROOM, incarnation: 1, seq: 3 }]
    assert.deepEqual(sent(client.connected('t', 1)), [{ t: 'hello', token: 't', positions, status: 'online' }])
  })
}

for (const [name, answer] of [
  ['seq', subscribed(ROOM, 4)],
  ['incarnation', subscribed(ROOM, 3, { incarnation: 2 })],
  ['event first', event(ROOM, 4)],
] as const) {
  test(`a resume that goes on elsewhere is a violation: ${name}`, () => {
    const client = resuming()
    assert.equal(only('disconnect', client.received(answer, 1)).length, 1)
    assert.equal(client.violations, 1)
  })
}

test('a snapshot of another incarnation is the new beginning', () => {
  const client = resuming()
  const [delivered] = only('deliver', client.received(subscribed(ROOM, 1, { snapshot: true, incarnation: 2 }), 1))
  assert.deepEqual(delivered?.position, { stream: ROOM, incarnation: 2, seq: 1 })
  assert.equal(only('deliver', client.received(event(ROOM, 2), 1)).length, 1)
})

test('positions beyond the hello are subscribed', () => {
  const client = state()
  for (let number = 0; number < POSITIONS_MAX + 3; number++) {
    const stream = `room:${number.toString(16).padStart(32, '0')}`
    client.follow(stream, { stream, incarnation: 1, seq: number }, 0)
  }
  const [hello] = sent(client.connected('t', 0))
  assert(hello?.t === 'hello' && hello.positions?.length === POSITIONS_MAX)
  const since = sent(client.received(welcome(), 0)).map((f) => (f.t === 'subscribe' ? f.since?.seq : null))
  assert.deepEqual(since, [POSITIONS_MAX, POSITIONS_MAX + 1, POSITIONS_MAX + 2])
})

for (const [code, again] of [
  ['not_a_member', false],
  ['unavailable', true],
] as const) {
  test(`a position refused with ${code} ${again ? 'is asked for again' : 'ends the stream'}`, () => {
    const client = resuming()
    const actions = client.received(refused({ stream: ROOM, code, retry: again, retry_after_s: 2 }), 1)
    assert.equal(only('end', actions).length, again ? 0 : 1)
    assert.deepEqual(
      sent(client.elapsed(3)).map((f) => f.t),
      again ? ['subscribe'] : [],
    )
  })
}

test('a full buffer leaves the stream until half is read', () => {
  const client = following({ bufferItemsMax: 4 })
  for (const seq of [4, 5]) assert.deepEqual(sent(client.received(event(ROOM, seq), 0)), [])
  const left = unsubscribeIn(client.received(event(ROOM, 6), 0))
  assert.deepEqual(client.received(event(ROOM, 7), 0), [])
  assert.deepEqual(client.received(accepted(left.client_id), 0), [])
  assert(client.deadline() > 0)
  assert.deepEqual(client.consumed(ROOM, 0), [])
  const asked = subscribeIn(client.consumed(ROOM, 0))
  assert.deepEqual(asked.since, { stream: ROOM, incarnation: 1, seq: 6 })
})

test('a stream whose buffer is full is not resumed', () => {
  const client = following({ bufferItemsMax: 2 })
  client.received(event(ROOM, 4), 0)
  client.disconnected(null, 0)
  const [hello] = sent(client.connected('t', 1))
  assert(hello?.t === 'hello' && hello.positions?.length === 0)
})

test('a stream left and followed again is asked for after the answer', () => {
  const client = following()
  const left = unsubscribeIn(client.unfollow(ROOM, 0))
  assert.deepEqual(client.follow(ROOM, null, 0), [])
  assert.deepEqual(client.received(event(ROOM, 4), 0), [])
  assert.equal(subscribeIn(client.received(accepted(left.client_id), 0)).since, null)
})

test('an answer to an earlier follow is not taken for the new one', () => {
  const client = ready()
  const old = subscribeIn(client.follow(ROOM, { stream: ROOM, incarnation: 1, seq: 9 }, 0))
  client.unfollow(ROOM, 0)
  assert.deepEqual(client.follow(ROOM, null, 0), [])
  const actions = client.received(subscribed(ROOM, 9, { to: old.client_id }), 0)
  assert.deepEqual(only('opened', actions), [])
  const left = unsubscribeIn(actions)
  assert.equal(subscribeIn(client.received(accepted(left.client_id), 0)).since, null)
})

test('the server ends a stream for good or for a while', () => {
  const client = following()
  const ended = (code: 'unavailable' | 'not_a_member') =>
    ({ t: 'unsubscribed', stream: ROOM, code, message: 'so' }) as const
  assert.deepEqual(client.received(ended('unavailable'), 0), [])
  const asked = subscribeIn(client.elapsed(client.deadline()))
  assert.deepEqual(asked.since, { stream: ROOM, incarnation: 1, seq: 3 })
  assert.deepEqual(kinds(client.received(ended('not_a_member'), 1)), ['end'])
  assert.notDeepEqual(client.follow(ROOM, null, 2), [])
})

test('a stream is followed once', () => {
  assert.throws(() => following().follow(ROOM, null, 0), /followed already/)
})

test('signals are dropped while their reader is behind', () => {
  const client = following()
  const typing = { t: 'signal', stream: ROOM, author: 'a', type: 'room.typing', data: {} } as const
  assert.deepEqual(client.received(typing, 0), [], 'the snapshot waits')
  client.consumed(ROOM, 0)
  assert.deepEqual(kinds(client.received(typing, 0)), ['deliver'])
})

// --- heads and marks -------------------------------------------------------------------------------------------

function watchIn(actions: ReturnType<ClientState['elapsed']>) {
  const [frame, ...more] = sent(actions)
  assert(frame?.t === 'watch_heads' && more.length === 0)
  return frame
}

function watching(...rooms: string[]): ClientState {
  const client = ready()
  const asked = watchIn(client.watchHeads(rooms, 0))
  assert.deepEqual(asked.rooms, rooms)
  assert.deepEqual(kinds(client.received(accepted(asked.client_id), 0)), ['watchedHeads'])
  return client
}

test('heads are delivered and watched again in every session', () => {
  const client = watching(ROOM)
  const told = heads(head(ROOM, 3))
  assert.deepEqual(client.received(told, 0), [{ do: 'deliverHeads', heads: told }])
  client.disconnected(null, 0)
  assert.deepEqual(client.watchHeads([OTHER], 0), [])
  client.connected('t', 1)
  const again = watchIn(client.received(welcome(), 1))
  assert.deepEqual(again.rooms, [OTHER])
  assert.deepEqual(kinds(client.received(accepted(again.client_id), 1)), ['watchedHeads'])
})

test('other rooms are asked for once the question before is answered', () => {
  const client = ready()
  const first = watchIn(client.watchHeads([ROOM], 0))
  assert.deepEqual(client.watchHeads([ROOM, OTHER], 0), [])
  assert.deepEqual(client.watchHeads([OTHER], 0), [])
  const actions = client.received(accepted(first.client_id), 0)
  const second = watchIn(actions)
  assert.deepEqual(second.rooms, [OTHER])
  assert.deepEqual(only('watchedHeads', actions), [])
  const late = client.received(heads(head(ROOM, 1), head(OTHER, 2)), 0)
  assert.deepEqual(late, [{ do: 'deliverHeads', heads: heads(head(OTHER, 2)) }])
  assert.deepEqual(kinds(client.received(accepted(second.client_id), 0)), ['watchedHeads'])
  assert.deepEqual(kinds(client.watchHeads([OTHER], 0)), ['watchedHeads'])
})

test('who watches nothing any more says so and is not asked again', () => {
  const client = watching(ROOM)
  const none = watchIn(client.watchHeads([], 0))
  assert.deepEqual(none.rooms, [])
  assert.deepEqual(client.received(heads(head(ROOM, 1)), 0), [])
  assert.deepEqual(client.received(accepted(none.client_id), 0), [])
  client.disconnected(null, 0)
  client.connected('t', 1)
  assert.deepEqual(sent(client.received(welcome(), 1)), [])
})

for (const [code, again] of [
  ['too_many', false],
  ['rate_limited', true],
] as const) {
  test(`a watch refused with ${code} ${again ? 'is asked for again' : 'ends'}`, () => {
    const client = ready()
    const { client_id } = watchIn(client.watchHeads([ROOM], 0))
    const actions = client.received(refused({ client_id, code, retry: again, retry_after_s: 2 }), 0)
    assert.equal(only('endHeads', actions).length, again ? 0 : 1)
    assert.equal(client.deadline(), again ? 2 : 20)
    assert.equal(sent(client.elapsed(2)).length, again ? 1 : 0)
  })
}

test('a room that is gone is told once and watched no longer', () => {
  const client = watching(ROOM, OTHER)
  const told = { ...heads(head(OTHER, 1)), gone: [ROOM, `room:${'c'.repeat(32)}`] }
  assert.deepEqual(client.received(told, 0), [{ do: 'deliverHeads', heads: { ...told, gone: [ROOM] } }])
  assert.deepEqual(client.received(gone(ROOM), 0), [])
  const again = watchIn(client.watchHeads([ROOM, OTHER], 0))
  assert.deepEqual(again.rooms, [ROOM, OTHER])
  // Until this is answered a frame speaks of the rooms before.
  assert.deepEqual(kinds(client.received(gone(ROOM), 0)), ['deliverHeads'])
  assert.deepEqual(kinds(client.received(accepted(again.client_id), 0)), ['watchedHeads'])
  client.disconnected(null, 0)
  client.connected('t', 1)
  assert.deepEqual(watchIn(client.received(welcome(), 1)).rooms, [ROOM, OTHER])
})

test('the feed of a client whose rooms are all gone still ends', () => {
  const client = watching(ROOM)
  assert.deepEqual(kinds(client.received(gone(ROOM), 0)), ['deliverHeads'])
  client.disconnected(null, 0)
  client.connected('t', 1)
  assert.deepEqual(sent(client.received(welcome(), 1)), [])
  assert.equal(only('endHeads', client.close()).length, 1)
})

test('heads end with the client', () => {
  const client = watching(ROOM)
  assert(only('endHeads', client.close())[0]?.error instanceof ClosedError)
  assert.throws(() => client.watchHeads([ROOM], 0), ClosedError)
})

test('the highest mark of each room is told at the pace of signals', () => {
  const client = ready({}, { limits: { signals_per_s: 2 } })
  const mark = (room: string, number: number) => ({ t: 'mark_read', room, number })
  assert.deepEqual(sent(client.markRead(ROOM, 5, 0)), [mark(ROOM, 5)])
  for (const [room, number] of [[ROOM, 9], [ROOM, 7], [OTHER, 1]] as const) {
    assert.deepEqual(client.markRead(room, number, 0.1), [])
  }
  assert.equal(client.deadline(), 0.5)
  assert.deepEqual(sent(client.elapsed(0.5)), [mark(ROOM, 9)])
  assert.deepEqual(sent(client.elapsed(1)), [mark(OTHER, 1)])
  assert(client.deadline() > 1.5)
})

test('marks wait for a session', () => {
  const client = state()
  assert.deepEqual(client.markRead(ROOM, 5, 0), [])
  assert.equal(client.deadline(), Infinity)
  client.connected('t', 0)
  assert.deepEqual(sent(client.received(welcome(), 0)), [{ t: 'mark_read', room: ROOM, number: 5 }])
  client.disconnected(null, 1)
  assert.deepEqual(client.markRead(ROOM, 6, 1), [])
  client.connected('t', 2)
  assert.deepEqual(sent(client.received(welcome(), 2)), [{ t: 'mark_read', room: ROOM, number: 6 }])
})

test('marks that wait are bounded', () => {
  const client = state()
  const room = (number: number) => `room:${number.toString(16).padStart(32, '0')}`
  for (let number = 0; number <= ROOMS_PER_USER_MAX; number++) client.markRead(room(number), 1, 0)
  client.connected('t', 0)
  assert.deepEqual(sent(client.received(welcome(), 0)), [{ t: 'mark_read', room: room(1), number: 1 }])
})

// --- presence --------------------------------------------------------------------------------------------------

function attending(...users: string[]): ClientState {
  const client = ready()
  const [asked] = sent(client.watchPresence(users, 0))
  assert(asked?.t === 'watch_presence')
  assert.deepEqual(asked.users, users)
  assert.deepEqual(kinds(client.received(accepted(asked.client_id), 0)), ['watchedPresence'])
  return client
}

function toldOf(actions: ReturnType<ClientState['elapsed']>): string[][] {
  return only('deliverPresence', actions).flatMap(({ people }) => people.map(({ user, status }) => [user, status]))
}

test('the presence of watched people is told, and of nobody else', () => {
  const client = attending(ANN)
  assert.deepEqual(toldOf(client.received(seen(ANN, 'busy'), 0)), [[ANN, 'busy']])
  assert.deepEqual(toldOf(client.received(seen(ANN, 'offline'), 0)), [[ANN, 'offline']])
  assert.deepEqual(client.received(seen(BEN, 'online'), 0), [])
  assert.deepEqual(client.received({ ...seen(ANN, 'online'), type: 'typing' }, 0), [])
})

test('who was there is offline in the next session until it tells otherwise', () => {
  const client = attending(ANN, BEN)
  client.received(seen(ANN, 'online'), 0)
  client.received(seen(BEN, 'away'), 0)
  client.received(seen(BEN, 'offline'), 0)
  client.disconnected(null, 0)
  client.connected('t', 1)
  const actions = client.received(welcome(), 1)
  assert.deepEqual(toldOf(actions), [[ANN, 'offline']])
  const [again] = sent(actions)
  assert(again?.t === 'watch_presence')
  assert.deepEqual(again.users, [ANN, BEN])
  assert.deepEqual(toldOf(client.received(seen(ANN, 'online'), 1)), [[ANN, 'online']])
})

test('presence ends with the client', () => {
  const client = attending(ANN)
  assert(only('endPresence', client.close())[0]?.error instanceof ClosedError)
  assert.throws(() => client.watchPresence([ANN], 0), ClosedError)
})

test('every session is told the newest status at its pace', () => {
  const client = ready()
  assert.deepEqual(client.setStatus('online', 0), [])
  assert.deepEqual(sent(client.setStatus('away', 0)), [{ t: 'set_status', status: 'away' }])
  assert.deepEqual(client.setStatus('busy', 0.1), [])
  assert.deepEqual(client.setStatus('invisible', 0.2), [])
  assert.equal(client.deadline(), 1 / STATUSES_PER_S)
  assert.deepEqual(sent(client.elapsed(client.deadline())), [{ t: 'set_status', status: 'invisible' }])
  client.disconnected(null, 1.5)
  assert.deepEqual(client.setStatus('busy', 1.5), [])
  assert.deepEqual(sent(client.connected('t', 1.5)), [{ t: 'hello', token: 't', positions: [], status: 'busy' }])
  assert.deepEqual(sent(client.received(welcome(), 1.5)), [])
})
