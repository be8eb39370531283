"""Real networks and real inputs for them: what `make models` fetches, builds and gathers into .models/."""
