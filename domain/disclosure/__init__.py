"""Who may learn what, what they were given, and how it reached them."""
