"""XML parts merged three ways, with the parts that they lead to."""
