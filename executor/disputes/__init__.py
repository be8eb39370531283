"""Disputes from the executor's side: the positions of a game, the moves that win it, and who makes them.

Read `positions` (what a game is at), `moves` (what the honest side answers, pure), then `games` and `player`
(what the chain says, and the due move in time) and `watcher` (which results to challenge).
"""
