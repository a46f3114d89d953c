"""From a card's files to what every later step reads: manifest, activity labels, training store."""
