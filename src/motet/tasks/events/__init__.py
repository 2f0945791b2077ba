"""Events: what happens in a recording, and when."""
