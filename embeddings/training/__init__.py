"""The recipe that trains the bundled model; nothing here is imported at serve time."""
