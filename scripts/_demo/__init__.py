"""The demonstration: its processes, stage, operator, visitors, what the chain records, and the books."""
