"""Values on their way to the store: arguments checked, converted, secrets masked."""
