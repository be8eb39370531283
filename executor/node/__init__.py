"""The executor's loop: follow -> decide -> claim -> infer -> commit -> post -> settle, the order of the data.

Each stage is a module; they meet in `node.step`. The chain is the truth (`lifecycle`), the journal makes it
cheap to remember (`jobs`, `orders`), and the outbox alone sends.
"""
