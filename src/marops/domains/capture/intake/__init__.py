"""Events from websites and programs: taken in at once, understood by the engine."""
