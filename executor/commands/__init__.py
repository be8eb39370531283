"""The commands of `executor`, a module each; `executor.cli` puts them together."""
