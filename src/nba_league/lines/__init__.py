"""What the bookmakers of the simulated league post, and what their feeds get wrong."""
