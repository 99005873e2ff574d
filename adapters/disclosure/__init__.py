"""What leaves, and how: the discloser, the courier, their receipts, and the rendering of an entry."""
