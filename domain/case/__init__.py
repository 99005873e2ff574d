"""One case: a stream, cut into areas that each touch their own part of its state."""
