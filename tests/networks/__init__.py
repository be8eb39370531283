"""Real networks and their inputs: fetched safely, built as they were published, read as they were trained."""
