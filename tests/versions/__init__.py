"""How the versions of a model change places: canary, promotion, rollback, pause and the breaker."""
