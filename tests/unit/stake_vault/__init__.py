"""The StakeVault alone: its market and its challenges are accounts that only call."""
