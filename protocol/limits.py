"""Every limit a client can meet, each with its unit. The welcome frame carries those a client should honour.

Limits that only an operator sees (pool sizes, timeouts of PostgreSQL …) live in ``gatherup.config``.
"""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = 1

# --- one frame -----------------------------------------------------------------------------------------
FRAME_BYTES_MAX: Final = 64 * 1024
"""A client's message, whole, after reassembly. Larger: close code 1009."""
FRAGMENTS_MAX: Final = 64
"""Pieces one message may come in. More: close code 1009."""
TOKEN_CHARS_MAX: Final = 4096
POSITIONS_MAX: Final = 200
"""Positions in one hello."""
DETAIL_CHARS_MAX: Final = 200
"""The sentence of a refused frame, and its field, are cut here: they may quote what was sent."""
SEQ_MAX: Final = 2**53 - 1
"""The largest integer a frame may hold: what JavaScript reads exactly."""

# --- one session ---------------------------------------------------------------------------------------
HANDSHAKE_TIMEOUT_S: Final = 10.0
"""From accept to a finished WebSocket handshake."""
HELLO_TIMEOUT_S: Final = 10.0
"""From the handshake to a valid hello."""
HEARTBEAT_S: Final = 20.0
"""The server pings a peer that was silent this long."""
IDLE_TIMEOUT_S: Final = 60.0
"""A peer silent this long, pings included, is closed."""
CLOSE_TIMEOUT_S: Final = 5.0
"""What a peer gets to take our last bytes and answer our Close."""
SUBSCRIPTIONS_PER_SESSION_MAX: Final = 200
SESSIONS_PER_USER_MAX: Final = 20
REPLACEABLE_AFTER_S: Final = HEARTBEAT_S + CLOSE_TIMEOUT_S
"""A session silent this long has left a ping unanswered: one more of a user who has so many takes its place."""
INFLIGHT_COMMANDS_MAX: Final = 256
"""Commands of one session that wait for their reply."""
COMMAND_TIMEOUT_S: Final = 10.0
"""A command not settled in this time is answered: refused if it never started, unknown otherwise."""

# --- rates (token buckets, per session) ----------------------------------------------------------------
COMMANDS_PER_S: Final = 20.0
COMMANDS_BURST: Final = 60.0
SUBSCRIBES_PER_S: Final = 20.0
SUBSCRIBES_BURST: Final = 250.0
SIGNALS_PER_S: Final = 5.0
SIGNALS_BURST: Final = 10.0
STATUSES_PER_S: Final = 1.0
STATUSES_BURST: Final = 60.0
"""Changes of how a session's user wants to be seen. None is dropped: beyond that the session is closed as flooding."""
PINGS_PER_S: Final = 5.0
PINGS_BURST: Final = 50.0

# --- delivery ------------------------------------------------------------------------------------------
OUTBOX_BYTES_MAX: Final = 1024 * 1024
"""Bytes that wait for one slow reader. More: close code 4001, come back and resume."""
RESUME_EVENTS_MAX: Final = 1000
"""How far behind a resume may be and still get every event; further behind it gets a snapshot."""
RESUME_PAGE_EVENTS: Final = 200
"""Events read from the log at once while a client resumes."""
RING_EVENTS_MAX: Final = 256
RING_BYTES_MAX: Final = 256 * 1024
FLUSH_TICK_MIN_S: Final = 0.020
"""Shortest distance of two flushes of one busy stream; an idle stream is flushed at once."""
FLUSH_SENDS_MAX: Final = 1000
"""Sends before a flush lets others run."""
FLUSH_HOLD_MAX_S: Final = 0.005
"""Time before a flush lets others run."""

# --- streams -------------------------------------------------------------------------------------------
MAILBOX_COMMANDS_MAX: Final = 1000
"""Commands that wait for one stream's actor. More: refused ``overloaded``."""
BATCH_COMMANDS_MAX: Final = 200
"""Commands an actor decides at once and commits together."""
EVENTS_PER_COMMAND_MAX: Final = 64
ERASE_SEQS_MAX: Final = 128
"""Events one erasing event may empty: a message and its edits."""
PAYLOAD_BYTES_MAX: Final = 32 * 1024
"""One encoded event payload."""
VIEW_BYTES_MAX: Final = 64 * 1024
"""What a snapshot shows of a stream of any kind, in JSON as in MessagePack. What may grow larger is read over HTTP."""
RECEIPT_KEEP_DAYS: Final = 7
"""How long a resend is recognised. SDKs give up resending after RESEND_FOR_S, well before."""
RESEND_FOR_S: Final = 24 * 3600.0

# --- rooms ---------------------------------------------------------------------------------------------
ROOM_NAME_CHARS_MAX: Final = 80
BODY_CHARS_MAX: Final = 4000
BODY_DECOMPOSED_CHARS_MAX: Final = 3 * BODY_CHARS_MAX
"""Code points of a body after NFKD (a syllable of Hangul is up to three), of which at most ``BODY_CHARS_MAX`` words and
other characters. More: refused in a room with a filter."""
REASON_CHARS_MAX: Final = 200
TOPIC_CHARS_MAX: Final = 500
ROOM_MEMBERS_MAX: Final = 5000
VIEW_MEMBERS_MAX: Final = 100
"""Members named in a room's snapshot; all are read over HTTP."""
GROUP_MEMBERS_MAX: Final = 50
ROOM_MODERATORS_MAX: Final = 50
HOSTED_SEATS_MAX: Final = 96
"""Users in the room of a match: all players of two teams, and the staff."""
ROOM_BANS_MAX: Final = 5000
ROOM_MUTES_MAX: Final = 5000
ROOM_INVITED_MAX: Final = 500
"""Users who were invited and haven't joined."""
ROOM_INVITES_MAX: Final = 50
"""Invites by code that are good at a time."""
INVITE_CODE_CHARS_MAX: Final = 40
INVITE_LIFETIME_S: Final = 7 * 86400
INVITE_LIFETIME_S_MAX: Final = 30 * 86400
INVITE_USES_MAX: Final = 10_000
ROOM_PINS_MAX: Final = 50
SLOW_MODE_S_MAX: Final = 6 * 3600
MUTE_S_MAX: Final = 28 * 86400
BAN_S_MAX: Final = 10 * 366 * 86400
MARKS_MAX: Final = 30
"""Marks on one character of a text: the number of Unicode's Stream-Safe Text Format (UAX 15)."""
MENTIONS_MAX: Final = 20
"""Members one message may mention."""
MENTION_NAMES_MAX: Final = 200
"""Handles looked up for one message: where no blank ends a name, each of its beginnings may be one."""
HANDLE_MARKS_MAX: Final = 4
"""Vowel signs and other marks on one letter of a handle."""
REACTION_CHARS_MAX: Final = 11
"""Code points of the longest emoji: four pictographs, each with a skin tone, and what joins them."""
REACTIONS_PER_MESSAGE_MAX: Final = 20
"""Different reactions to one message."""
FILTERED_WORDS_MAX: Final = 200
FILTERED_WORD_CHARS_MAX: Final = 40
FILTERED_WORD_DECOMPOSED_CHARS_MAX: Final = 3 * FILTERED_WORD_CHARS_MAX
"""Code points of a filter's word after NFKD."""
FILTER_TOKENS_MAX: Final = 2000
"""Parts of all a filter's words together: runs of letters and digits, and each other character."""
FILTERED_HOSTS_MAX: Final = 100
ROOM_RESTORE_DAYS: Final = 30
"""How long a removed room can be restored by its owner."""
ROOMS_PER_USER_MAX: Final = 1000
"""Rooms one user may be a member of: checked as they join, so many joins at once may go a little beyond."""
EDITS_PER_MESSAGE_MAX: Final = 100
REPORTS_OPEN_MAX: Final = 100
"""Reports of one user that nobody has closed yet."""
INVITE_LOOKS_PER_S: Final = 0.5
"""Looks at an invite's code, by one user and from one address."""
INVITE_LOOKS_BURST: Final = 20.0
PRESENT_USERS_MAX: Final = 100
"""Users named in a roster; of more only the count is told, in which a user on two nodes counts twice."""

# --- tournaments ---------------------------------------------------------------------------------------
TOURNAMENT_NAME_CHARS_MAX: Final = 80
TOURNAMENT_DESCRIPTION_CHARS_MAX: Final = 4000
ENTRANT_NAME_CHARS_MAX: Final = 64
NOTE_CHARS_MAX: Final = 500
"""What is said with a dispute or a decision."""
TOURNAMENT_ENTRANTS_MIN: Final = 2
TOURNAMENT_ENTRANTS_MAX: Final = 4096
"""Who may take part in one tournament."""
TOURNAMENT_ENTRIES_MAX: Final = 8192
"""Entrants of one tournament, with those who wait, weren't accepted or have left."""
ENTRANT_TAGS_MAX: Final = 4
"""Of one entrant."""
ENTRANT_TAG_CHARS_MAX: Final = 32
ENTRANTS_PER_COMMAND_MAX: Final = 50
ENTRANTS_FILE_LINES_MAX: Final = 4096
"""Lines of a CSV file of entrants, after the one that names its columns."""
ROOMS_CLOSED_MAX: Final = 16
"""Rooms of matches that one event closes when a tournament was cancelled."""
EXPORT_MATCHES_MAX: Final = 32_768
"""Matches in one file of a tournament."""
ENTRANTS_FILE_FAULTS_MAX: Final = 20
"""Of a file with more faults these are told."""
"""Entrants whom staff may enter at once."""
TOURNAMENT_STAFF_MAX: Final = 50
STAGES_MAX: Final = 8
"""Stages of one tournament."""
GROUPS_MAX: Final = 1024
"""Groups of one stage."""
GROUP_ENTRANTS_MAX: Final = 64
"""Who may play in one group of a round robin."""
LEGS_MAX: Final = 4
"""How often two of a group meet at most."""
STAGE_MATCHES_MAX: Final = 32_768
"""Matches of one stage, of all groups and rounds together."""
SWISS_ROUNDS_MAX: Final = 32
"""Rounds of one Swiss stage."""
TIEBREAKS_MAX: Final = 12
"""Tie-breaks of one stage."""
STAGE_POINTS_MAX: Final = 100
"""Points for a match in the standings of a stage."""
LEADERBOARD_S_MAX: Final = 90 * 86_400
"""How long a leaderboard may take attempts."""
ATTEMPTS_MAX: Final = 64
"""Attempts of one entrant in one leaderboard."""
STAGE_ATTEMPTS_MAX: Final = 32_768
"""Attempts of one leaderboard, if everybody makes all that they may."""
SCORE_MAX: Final = 100_000_000_000_000
"""The highest score of one attempt; the lowest is as far below 0. Sums of all attempts are exact in JavaScript, too."""
SCORE_DECIMALS_MAX: Final = 9
"""Digits of a score behind the decimal point."""
TOURNAMENT_REPLAY_EVENTS_MAX: Final = 100_000
"""Events of a tournament after which it isn't replayed any more: several times what the largest one takes."""
RATINGS_WAITING_SHOWN_MAX: Final = 1000
"""Matches that wait to be rated: of more so many are told."""
RATED_GAMES_SHOWN_MAX: Final = 200
"""Ratings of one user in one answer."""
COLLISION_S: Final = 1800
"""Two matches of one person that begin less than this apart collide."""
CALENDARS_PER_USER_MAX: Final = 50
"""Addresses of calendars that need no login."""
CALENDAR_TOURNAMENTS_MAX: Final = 100
"""Tournaments in one calendar: those that were created last."""
CALENDAR_PLANNED_MAX: Final = 20
"""Times in the calendar of a series whose tournaments aren't made yet: the next ones."""
CALENDAR_MATCHES_MAX: Final = 1000
"""Matches in one calendar: those that were opened last."""
TOURNAMENT_TEMPLATES_MAX: Final = 50
"""Templates of one user."""
SERIES_NAME_CHARS_MAX: Final = 72
"""Of a series: its tournaments have their number behind it."""
SERIES_PER_USER_MAX: Final = 20
"""Series of one user that weren't cancelled or removed."""
SERIES_TOURNAMENTS_MAX: Final = 500
"""Tournaments of one series."""
SERIES_POINTS_PLACES_MAX: Final = 64
"""Places of a tournament that are worth points in its series."""
SERIES_POINTS_MAX: Final = 10_000
"""What one place is worth."""
SERIES_AHEAD_S_MIN: Final = 60
SERIES_AHEAD_S_MAX: Final = 60 * 86_400
"""How long before its start a tournament of a series is made."""
SERIES_AHEAD_S: Final = 7 * 86_400
RRULE_CHARS_MAX: Final = 200
RRULE_VALUES_MAX: Final = 31
"""Values of one part of a rule of recurrence, such as days of a month."""
RRULE_INTERVAL_MAX: Final = 52
RRULE_COUNT_MAX: Final = 1000
RECURRENCE_GAP_DAYS_MAX: Final = 731
"""The next time of a recurrence comes in so many days, or never."""
TIME_ZONE_CHARS_MAX: Final = 64
TRF_BYTES_MAX: Final = 180 * 1024
"""A file in TRF16: in Base64 it fits into a request."""
TRF_PLAYERS_MAX: Final = 1024
TRF_NUMBER_MAX: Final = 9999
"""Starting ranks, of which a file has room for four digits."""
TRF_ROUNDS_MAX: Final = 64
TRF_FAULTS_MAX: Final = 20
"""Of a file with more faults these are told."""
BEST_OF_MAX: Final = 9
POINTS_MAX: Final = 1_000_000
"""Of one side in one game."""
READY_S: Final = 600
READY_S_MAX: Final = 86_400
CONFIRM_S: Final = 900
CONFIRM_S_MAX: Final = 7 * 86_400
ROUND_RULES_MAX: Final = 8
"""Rules of one tournament for matches of some rounds."""
POOL_GAMES_MAX: Final = 16
"""Games from which the sides of a match pick and ban."""
POOL_GAME_CHARS_MAX: Final = 40
PICK_STEPS_MAX: Final = 32
PICK_S: Final = 60
PICK_S_MAX: Final = 3600
"""How long a side may have for one step of picks and bans."""
WINDOW_S_MAX: Final = 30 * 86_400
"""So long after it was opened the sides of a match may agree to play it."""
TEAM_PLAYERS_MAX: Final = 16
"""Players on the roster of one team."""
SUBSTITUTES_MAX: Final = 16
"""How often another player may come to a team after the start."""
PLAY_S_MAX: Final = 30 * 86_400
"""How long a match may be played before somebody must have reported it."""
FILLS_PER_EVENT_MAX: Final = 32
"""About so many sides of other matches are filled by the event that ends a match; what more follows has its own."""
ADVANCE_CHANGES_MAX: Final = 32
"""So many matches are opened or filled before a tournament lets others run; with the last of them a few more."""
PICTURE_MATCHES_MAX: Final = 1024
"""Matches in a picture of a bracket: of more the last rounds are drawn, as many as fit."""
IMPORTED_RESULTS_MAX: Final = 32
"""Results that one command of an import brings."""
PICTURE_ROWS_MAX: Final = 256
"""Entrants in a picture of standings: of a larger stage a group is drawn by itself, or so many from some place on."""
VIEW_MATCHES_MAX: Final = 50
"""Matches named in a tournament's snapshot; all are read over HTTP."""
VIEW_STANDINGS_MAX: Final = 50
"""Entrants named in the standings that a tournament's snapshot and its events show; all are read over HTTP."""
PLACES_MAX: Final = 8
"""Places that are told when a tournament has finished; all are read over HTTP."""

# --- gatherings ----------------------------------------------------------------------------------------
GATHERING_PLAYERS_MAX: Final = 4096
"""Who may be registered with one gathering."""
GATHERING_ENTRIES_MAX: Final = 8192
"""Players of one gathering, with those who have withdrawn or were removed."""
GATHERING_COMPETITIONS_MAX: Final = 32
"""Competitions of one gathering, with those that were taken out again."""
GATHERING_GAMES_MAX: Final = 16
"""Games that one gathering names."""

# --- read positions and heads ------------------------------------------------------------------------
HEADS_ROOMS_MAX: Final = 200
"""Rooms whose heads one session may watch."""
HEADS_INTERVAL_S: Final = 1.0
"""Shortest distance of two ``heads`` frames of one session."""
HEADS_WATCHES_PER_S: Final = 1.0
HEADS_WATCHES_BURST: Final = 10.0
"""How often one session may change which heads it watches."""
UNREAD_MAX: Final = 100
"""Unread messages are counted up to here: this number means so many or more."""
UNREAD_SCANNED_MAX: Final = 200
"""Of a room's messages, so many of the newest are looked at to count the unread ones."""
READ_FLUSH_S: Final = 1.0
"""Read positions are kept in batches this far apart; a node that dies forgets at most these."""
READ_WAITING_MAX: Final = 100_000
"""Read positions of one node that wait for that; further ones are dropped."""

# --- presence ------------------------------------------------------------------------------------------
PRESENCE_INTERVAL_S: Final = 1.0
"""Shortest distance of two presence signals of one room or person."""
WATCHED_PEOPLE_MAX: Final = 200
"""People whose presence one session may watch."""
SIGHT_INTERVAL_S: Final = 60.0
"""So often it is read again who lets whom see their presence."""

# --- inboxes -------------------------------------------------------------------------------------------
INBOX_UNREAD_MAX: Final = 500
"""Unread items an inbox keeps track of; the oldest count as read beyond."""

# --- people --------------------------------------------------------------------------------------------
BLOCKS_MAX: Final = 1000
FRIENDS_MAX: Final = 1000
FRIEND_REQUESTS_MAX: Final = 200
"""Requests of one user that wait for their answer."""
ABOUT_CHARS_MAX: Final = 500
AVATAR_URL_CHARS_MAX: Final = 500
HANDLE_CHANGE_DAYS: Final = 30
"""A handle is changed once in so many days."""
ACCOUNT_ERASE_DAYS: Final = 30
"""For so long signing in brings a deleted account back, unless the server is set up otherwise; then it is erased."""
FRESH_LOGIN_S: Final = 600
"""A login this young may delete an account that has no password, and change how one signs in to it."""

# --- lookup tables -------------------------------------------------------------------------------------
LOOKUP_ENTRIES_MAX: Final = 1000
"""Entries of one table, retired ones too."""
LOOKUP_KEY_CHARS_MAX: Final = 40
LOOKUP_NAME_CHARS_MAX: Final = 80
LOOKUP_POSITION_MAX: Final = 10_000

# --- HTTP ----------------------------------------------------------------------------------------------
JOB_AGE_MAX_S: Final = 3650 * 86_400
"""Dead jobs are chosen by how long they are dead, up to this."""
REQUESTS_PER_S: Final = 20.0
"""Requests of one user that aren't commands, on one node."""
REQUESTS_BURST: Final = 200.0
PAGE_ITEMS_MAX: Final = 200
PAGE_ITEMS_DEFAULT: Final = 50
PROFILES_MAX: Final = 100
"""Users whose profiles one request may ask for."""
HANDLE_CHARS_MIN: Final = 3
HANDLE_CHARS_MAX: Final = 32
PASSWORD_CHARS_MIN: Final = 8
PASSWORD_CHARS_MAX: Final = 256
HTTP_BODY_BYTES_MAX: Final = 256 * 1024
DISPLAY_NAME_CHARS_MAX: Final = 64
DEVICE_CHARS_MAX: Final = 120
EMAIL_CHARS_MAX: Final = 254
RETRY_KEY_CHARS_MAX: Final = 64
REFRESH_GRACE_S: Final = 60.0
"""For so long an exchanged refresh token with the same retry key gets the same answer again, if that wasn't used."""
LOGINS_PER_USER_MAX: Final = 50
"""A further sign-in ends the login that was unused longest."""
EMAIL_CODE_LIFETIME_S: Final = 24 * 3600
"""How long a mailed code proves whose address it is."""
RESET_CODE_LIFETIME_S: Final = 3600
TICKET_LIFETIME_S: Final = 600
"""What a sign-in gets from one step to the next: the second factor, the visit at a provider."""
IDENTITIES_MAX: Final = 20
CURSOR_CHARS_MAX: Final = 200

# --- the server API ------------------------------------------------------------------------------------
KEYS_MAX: Final = 100
"""API keys that are good at a time."""
KEY_NAME_CHARS_MAX: Final = 80
KEY_LIFETIME_S_MAX: Final = 10 * 366 * 86400
SERVER_COMMANDS_PER_S: Final = 200.0
"""Commands of one API key, on one node."""
SERVER_COMMANDS_BURST: Final = 1000.0
EXTERNAL_ID_CHARS_MAX: Final = 200
WEBHOOKS_MAX: Final = 20
WEBHOOK_TYPES_MAX: Final = 50
URL_CHARS_MAX: Final = 2000
