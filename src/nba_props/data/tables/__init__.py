"""How files become tables: which files are meant, what their headers say, how they are read and checked."""
