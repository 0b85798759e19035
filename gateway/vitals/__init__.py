"""Vital signs: from the readings in the store, by rules and by what is planned for each resident, to the desk."""
