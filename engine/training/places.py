PLACES: dict = {}
