"""Stories that every SDK has to tell alike: what people do, what happens to network and server, what they must see.

A JSON file is a list of steps, one map each; `$name` stands for something that was named before. `by` says who.

- `sign_in`: a guest with this name connects; the name then stands for their user id.
- `send`: a command as it is on the wire, without client_id. `expect` is `accepted` unless it names a code;
  `keep` names parts of the answer. `begin` sends without waiting, under the name in `as`; `settle` waits for that one.
- `signal`, `mark_read`, `set_status`: told, and not answered.
- `subscribe`: follow a stream; with `resume` from where this person left it. `expect` may name a code. `unsubscribe`.
- `see`: take the stream's items up to one that holds what `until` holds.
- `crowd`: so many more guests join a room. `members`: what this person knows of a room's members from its stream, after
  `learn_members` also from all pages that HTTP answers.
- `watch_heads`: these rooms from now on. `see_head`: take heads up to one that holds this; its `kind` may be `gone`.
- `watch_presence`: these people from now on. `see_presence`: wait until all of them are seen so. Changes are told
  together, so what came in between is no part of the story.
- `network`: `reset` the connections of somebody, `hush` what the server tells them, `cut` them off, or `heal` that.
- `server`: `kill` it (-9) or `start` it, once for all drivers together.
"""
