"""The two contracts that judge: the Dispute finds the step at issue, the Referee executes it."""
