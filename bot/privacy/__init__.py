"""What is kept of people: sealed, told of, handed out, deleted."""
