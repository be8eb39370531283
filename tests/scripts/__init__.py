"""What people type (`ape run ...`): contracts, scripts and executor together, on a real node."""
