"""What is known of players and teams before a date, and the tables it is read from."""
