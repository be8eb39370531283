"""What the documents promise is there, and the numbers in them are the measured ones."""
